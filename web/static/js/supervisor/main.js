// @ts-check
/** Starts the supervisor's wallboard. */
import { get, toLogin, whoAmI } from "../api.js";
import { html } from "../html.js";
import { loadCatalogue, t } from "../i18n.js";
import { LiveSocket } from "../socket.js";
import { Failure } from "../ui/failure.js";
import { mount } from "../ui/mount.js";
import { Board } from "./board.js";
import { me, onFrame } from "./state.js";

/** The server sends something at least every 5 s. */
const SILENT_S_MAX = 15;

/** A session that is over answers 401, which leads to the log-in. */
const onRefused = () => void get("/me").catch(() => {});

async function start() {
  await loadCatalogue();
  me.value = await whoAmI();
  if (!["supervisor", "admin"].includes(me.value.role)) {
    mount(html`<${Failure} title=${t("board.not_yours.title")} text=${t("board.not_yours.text")} />`);
    return;
  }
  document.title = t("board.title");
  const socket = new LiveSocket("/ws/wallboard", { onFrame, onSessionOver: toLogin, onRefused, silentMax: SILENT_S_MAX });
  mount(html`<${Board} socket=${socket} />`);
}

start().catch((error) => mount(html`<${Failure} title=${t("error.title")} text=${error.message} />`));
