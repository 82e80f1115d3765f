// @ts-check
/** What becomes of a message of ours, and what can be done about it: take it back, send it again, or elsewhere. */
import { useState } from "preact/hooks";
import { post } from "../api.js";
import { now, second } from "../clock.js";
import { html } from "../html.js";
import { clockTime, ms, shortTime, t } from "../i18n.js";
import { Icon } from "../ui/icon.js";
import { run, running } from "./actions.js";
import { draft, keepDraft } from "./drafts.js";
import { putBack } from "./files.js";

/** @import { Message, Recipient } from "./types.js" */

const ICONS = /** @type {Record<string, string>} */ ({
  queued: "clock", sending: "clock", deferred: "clock", sent: "check", delivered: "check", read: "check", delayed: "clock",
  failed: "alarm", bounced: "alarm", complained: "alarm", uncertain: "warn", taken_back: "leave",
});
const AGAIN = new Set(["failed", "bounced", "uncertain", "deferred"]);

/**
 * @param {{message: Message, interaction?: string, onChanged?: (message: Message) => void}} props `interaction`: left out
 *   where nothing can be done
 */
export function Delivery({ message, interaction, onChanged }) {
  second.value;
  if (!["agent", "bot"].includes(message.author) || !message.delivery || message.delivery === "none") return null;
  const left = message.delivery === "queued" ? Math.ceil((ms(message.undo_until) - now()) / 1000) : NaN;
  const undoable = left > 0;
  return html`<span class="delivery ${message.delivery}"><${Icon} name=${ICONS[message.delivery] ?? "info"} class="small" />
      ${undoable ? t("delivery.goes_in", { count: left }) : t(`delivery.${message.delivery}`)}${message.delivery_status && ` (${message.delivery_status})`}</span>
    ${undoable && interaction && html`<button type="button" class="link" disabled=${running.value[`undo:${message.id}`]}
      onClick=${() => takeBack(interaction, message, onChanged)}>${t("delivery.undo")}</button>`}
    ${AGAIN.has(message.delivery) && html`<${Trouble} message=${message} interaction=${interaction} onChanged=${onChanged} />`}`;
}

/** @param {{message: Message, interaction?: string, onChanged?: (message: Message) => void}} props */
function Trouble({ message, interaction, onChanged }) {
  const [elsewhere, setElsewhere] = useState(/** @type {string | null} */ (null));
  const bad = (message.recipients ?? []).filter((one) => AGAIN.has(one.delivery));
  const busy = running.value[`again:${message.id}`];
  const again = (/** @type {string | undefined} */ to) =>
    run(`again:${message.id}`, async () => {
      const path = `/interactions/${encodeURIComponent(interaction ?? "")}/messages/${encodeURIComponent(message.id)}/resend`;
      const view = await post(path, to ? { to } : {});
      setElsewhere(null);
      onChanged?.(view);
    });
  const go = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (elsewhere?.trim()) again(elsewhere.trim());
  };
  return html`<span class="trouble">
    ${bad.map((one) => html`<${Why} key=${one.address} one=${one} />`)}
    ${interaction && html`<span class="trouble-ways">
      <button type="button" class="link" disabled=${busy} onClick=${() => again(undefined)}>${t("ui.try_again")}</button>
      ${bad.some((one) => !one.copy) && elsewhere === null && html`<button type="button" class="link" disabled=${busy}
        onClick=${() => setElsewhere("")}>${t("delivery.elsewhere")}</button>`}
    </span>
    ${elsewhere !== null && html`<form class="trouble-address" onSubmit=${go}>
      <label><span>${t("delivery.address")}</span><input type="email" required autocomplete="off" value=${elsewhere} ref=${focused}
        onInput=${(/** @type {any} */ event) => setElsewhere(event.target.value)} /></label>
      <button type="submit" class="button primary" disabled=${busy || !elsewhere.trim()}>${t("composer.send")}</button>
      <button type="button" class="button quiet" onClick=${() => setElsewhere(null)}>${t("ui.cancel")}</button>
    </form>`}`}
  </span>`;
}

/** @param {HTMLInputElement | null} field */
const focused = (field) => field && document.activeElement?.tagName === "BUTTON" && field.focus();

/** @param {{one: Recipient}} props */
function Why({ one }) {
  const at = one.until && one.delivery === "deferred" ? (ms(one.until) - now() < 43200000 ? clockTime(one.until) : shortTime(one.until)) : "";
  return html`<span class="why">
    ${one.copy ? `${one.address}: ` : ""}${one.reason}${at ? ` ${t("delivery.next", { time: at })}` : ""}
    ${one.said && html`<details><summary>${t("delivery.said")}</summary><code>${one.said}</code></details>`}
  </span>`;
}

/** @param {string} interaction @param {Message} message @param {((message: Message) => void) | undefined} onChanged */
function takeBack(interaction, message, onChanged) {
  return run(`undo:${message.id}`, async () => {
    const path = `/interactions/${encodeURIComponent(interaction)}/messages/${encodeURIComponent(message.id)}/undo`;
    const view = await post(path);
    const begun = draft(interaction, "reply");
    keepDraft(interaction, "reply", begun.trim() ? `${view.text}\n\n${begun}` : view.text);
    putBack(interaction, view.attachments);
    onChanged?.(view);
    /** @type {HTMLElement | null} */ (document.querySelector(`#conversation-${CSS.escape(interaction)} .composer textarea`))?.focus();
  });
}
