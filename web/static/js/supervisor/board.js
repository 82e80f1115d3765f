// @ts-check
import { logOut } from "../api.js";
import { now, second } from "../clock.js";
import { html } from "../html.js";
import { exactTime, ms, number, span, t } from "../i18n.js";
import { Connection } from "../ui/connection.js";
import { Icon } from "../ui/icon.js";
import { Menu } from "../ui/menu.js";
import { Spoken } from "../ui/say.js";
import { LanguageChoice, ThemeChoice } from "../ui/theme.js";
import { toastError, Toasts } from "../ui/toast.js";
import { ActivityLog } from "./activity.js";
import { AgentGrid } from "./agents.js";
import { Drawer } from "./drawer.js";
import { CloseDialog, MoveDialog, PriorityDialog, PresenceDialog } from "./steer.js";
import { MailboxAlarm, MailboxesDialog } from "./mailboxes.js";
import { AutoRepliesAlarm } from "./auto_replies.js";
import { AvalancheAlarm, AvalancheDialog } from "./avalanches.js";
import { KnowledgeDialog } from "./knowledge.js";
import { QuarantineAlarm, QuarantineDialog } from "./quarantine.js";
import { QueueTable } from "./queues.js";
import { SendingsDialog } from "./sendings.js";
import { UnderstandingDialog } from "./understanding.js";
import {
  agents, answering, asOf, dialog, heardAt, knowledge, mailboxesOpen, me, quarantine, queues, sendings, understanding,
} from "./state.js";

const STALE_AFTER_MS = 5500;
const DIALOGS = /** @type {Record<string, any>} */ ({
  move: MoveDialog, priority: PriorityDialog, close: CloseDialog, presence: PresenceDialog,
});

/** @param {{socket: import("../socket.js").LiveSocket}} props */
export function Board({ socket }) {
  const shown = dialog.value;
  const Open = shown && DIALOGS[shown.name];
  return html`
    <header class="top">
      <a class="brand" href="/"><${Icon} name="mark" /><span>Centrala</span></a>
      <h1 class="top-title">${t("board.title")}</h1>
      <${AsOf} />
      <span class="spring"></span>
      <${Menu} class="quiet" align="end" label=${html`<${Icon} name="user" /><span class="sr-only">${t("desk.my_menu")}</span> <span class="wide-only">${me.value?.name}</span>`}>
        ${(/** @type {() => void} */ close) => html`<${ThemeChoice} /><${LanguageChoice} /><hr />
          ${me.value?.agent && html`<a class="menu-item" href="/desk"><${Icon} name="chat" />${t("desk.title")}</a>`}
          <button type="button" class="menu-item" onClick=${() => { close(); mailboxesOpen.value = true; }}><${Icon} name="email" />${t("mailboxes.title")}</button>
          <button type="button" class="menu-item" onClick=${() => { close(); quarantine.value = {}; }}><${Icon} name="warn" />${t("quarantine.title")}</button>
          <button type="button" class="menu-item" onClick=${() => { close(); sendings.value = true; }}><${Icon} name="clock" />${t("later.planned")}</button>
          <button type="button" class="menu-item" onClick=${() => { close(); answering.value = {}; }}><${Icon} name="alarm" />${t("avalanche.title")}</button>
          <button type="button" class="menu-item" onClick=${() => { close(); knowledge.value = {}; }}><${Icon} name="note" />${t("knowledge.title")}</button>
          <button type="button" class="menu-item" onClick=${() => { close(); understanding.value = { tab: "ask" }; }}><${Icon} name="bot" />${t("understanding.title")}</button>
          <button type="button" class="menu-item" onClick=${() => logOut().catch(toastError)}><${Icon} name="leave" />${t("ui.log_out")}</button>`}
      <//>
    </header>
    <${Connection} socket=${socket} />
    <${MailboxAlarm} />
    <${QuarantineAlarm} />
    <${AutoRepliesAlarm} />
    <${AvalancheAlarm} />
    <main class="board">
      <${Summary} />
      <${QueueTable} />
      <div class="board-lower"><${AgentGrid} /><${ActivityLog} /></div>
      <${Stale} />
    </main>
    <${Drawer} />
    <${QuarantineDialog} />
    <${SendingsDialog} />
    <${MailboxesDialog} />
    <${AvalancheDialog} />
    <${KnowledgeDialog} />
    <${UnderstandingDialog} />
    ${Open && html`<${Open} ...${shown} onClose=${() => void (dialog.value = null)} />`}
    <${Toasts} /><${Spoken} />`;
}

function AsOf() {
  return html`<span class="as-of">${asOf.value ? t("board.as_of", { time: exactTime(asOf.value) }) : t("ui.loading")} · ${t("board.period")}</span>`;
}

/** Four figures over all queues, for a look from across the room. */
function Summary() {
  second.value;
  const rows = queues.value;
  const sum = (/** @type {string} */ name) => rows.reduce((total, row) => total + (/** @type {any} */ (row)[name] ?? 0), 0);
  const starts = rows.map((row) => ms(row.longest_wait_since)).filter((at) => !Number.isNaN(at));
  const on = agents.value.filter((one) => one.connected);
  const tile = (/** @type {string} */ name, /** @type {any} */ value, /** @type {any} */ small = null) =>
    html`<div class="tile"><p class="tile-name">${t(`board.tile.${name}`)}</p><p class="tile-value">${value}</p>${small && html`<p class="hint">${small}</p>`}</div>`;
  return html`<section class="tiles" aria-label=${t("board.summary")}>
    ${tile("waiting", number(sum("waiting")), t("board.tile.queues", { count: rows.filter((row) => row.waiting).length }))}
    ${tile("longest", starts.length ? span(now() - Math.min(...starts)) : "–", starts.length ? longestIn(rows) : "")}
    ${tile("handled", number(sum("answered")), t("board.tile.of", { count: sum("offered_legs") }))}
    ${tile("agents", `${number(on.filter((one) => one.presence === "available").length)}`, t("board.tile.connected", { count: on.length }))}
  </section>`;
}

/** @param {import("./state.js").QueueRow[]} rows */
const longestIn = (rows) =>
  rows.filter((row) => row.longest_wait_since).reduce((a, b) => (ms(a.longest_wait_since) <= ms(b.longest_wait_since) ? a : b)).name;

/** Old figures must not be taken for the present. */
function Stale() {
  second.value;
  const silent = heardAt.value ? Date.now() - heardAt.value : 0;
  if (silent < STALE_AFTER_MS) return null;
  return html`<div class="stale" role="alert"><p><${Icon} name="alarm" />
    ${t("board.stale", { time: asOf.value ? exactTime(asOf.value) : "" })}</p></div>`;
}
