// @ts-check
/** Starts the operator's desk. */
import { get, toLogin, whoAmI } from "../api.js";
import { html } from "../html.js";
import { loadCatalogue, t } from "../i18n.js";
import { LiveSocket } from "../socket.js";
import { Failure } from "../ui/failure.js";
import { mount } from "../ui/mount.js";
import { watchAlerts } from "./alerts.js";
import { Desk } from "./desk.js";
import { merge, onFrame } from "./frames.js";
import { flush, whenTaken } from "./outbox.js";
import { columns, me, read } from "./state.js";

/** A session that is over answers 401, which leads to the log-in. */
const onRefused = () => void get("/me").catch(() => {});

async function start() {
  await loadCatalogue();
  me.value = await whoAmI();
  if (!me.value?.agent) {
    mount(html`<${Failure} title=${t("desk.no_agent.title")} text=${t("desk.no_agent.text")} />`);
    return;
  }
  const socket = new LiveSocket("/ws/desk", { onFrame: withFlush, onSessionOver: toLogin, onRefused, pings: true });
  // A snapshot means that the way is open again, so what waits goes out.
  function withFlush(/** @type {any} */ frame) {
    onFrame(frame);
    if (frame.type === "snapshot") flush();
  }
  whenTaken((interaction, message) => message?.at && merge(interaction, [message], false));
  watchAlerts();
  document.addEventListener("visibilitychange", () => document.hidden || columns.value.forEach(read));
  mount(html`<${Desk} socket=${socket} />`);
}

start().catch((error) => mount(html`<${Failure} title=${t("error.title")} text=${error.message} />`));
