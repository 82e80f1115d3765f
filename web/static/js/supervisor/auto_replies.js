// @ts-check
/** Automatic replies were stopped: told at once, and released by whoever has looked at why. */
import { post } from "../api.js";
import { html } from "../html.js";
import { shortTime, t } from "../i18n.js";
import { Icon } from "../ui/icon.js";
import { toast, toastError } from "../ui/toast.js";
import { repliesStopped } from "./state.js";

const release = () => post("/auto-replies/release", {}).then(() => toast(t("auto_replies.released")), toastError);

/** The line that stands on the wallboard as long as none goes out. */
export function AutoRepliesAlarm() {
  const since = repliesStopped.value;
  return html`<div role="status">${since && html`<div class="banner red">
    <${Icon} name="alarm" /><span>${t("auto_replies.stopped", { time: shortTime(since) })}</span>
    <button type="button" class="button" onClick=${release}>${t("auto_replies.release")}</button></div>`}</div>`;
}
