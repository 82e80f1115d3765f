// @ts-check
/** Starts the supervisor's wallboard. */
import { render } from "preact";
import { toLogin, whoAmI } from "../api.js";
import { html } from "../html.js";
import { loadCatalogue, t } from "../i18n.js";
import { LiveSocket } from "../socket.js";
import { Failure } from "../ui/failure.js";
import { Board } from "./board.js";
import { me, onFrame } from "./state.js";

const root = /** @type {HTMLElement} */ (document.getElementById("app"));
/** The server sends something at least every 5 s. */
const SILENT_S_MAX = 15;

async function start() {
  await loadCatalogue();
  me.value = await whoAmI();
  if (!["supervisor", "admin"].includes(me.value.role)) {
    render(html`<${Failure} title=${t("board.not_yours.title")} text=${t("board.not_yours.text")} />`, root);
    return;
  }
  document.title = t("board.title");
  const socket = new LiveSocket("/ws/wallboard", { onFrame, onSessionOver: toLogin, silentMax: SILENT_S_MAX });
  render(html`<${Board} socket=${socket} />`, root);
}

start().catch((error) => render(html`<${Failure} title=${t("error.title")} text=${error.message} />`, root));
