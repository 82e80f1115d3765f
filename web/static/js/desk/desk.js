// @ts-check
import { useEffect, useRef } from "preact/hooks";
import { html } from "../html.js";
import { t } from "../i18n.js";
import { Connection } from "../ui/connection.js";
import { Spoken } from "../ui/say.js";
import { Toasts } from "../ui/toast.js";
import { accept, askLabel, askTransfer, current, end } from "./actions.js";
import { AlertBanner, ReadinessDialog } from "./readiness.js";
import { Conversation } from "./conversation.js";
import { CustomerPanel } from "./customer.js";
import { expected } from "./frames.js";
import { Header } from "./header.js";
import { KeysDialog } from "./keys_dialog.js";
import { listen } from "./keys.js";
import { ConversationList } from "./list.js";
import { OfferCards } from "./offers.js";
import { LaterDialog } from "./later.js";
import { PreviewDialog } from "./preview.js";
import { LabelDialog } from "./relabel.js";
import { TransferDialog } from "./transfer.js";
import { TranscriptDialog } from "./transcript.js";
import { judge, suggested } from "./suggest.js";
import * as desk from "./state.js";

/** Put the focus on something of the selected conversation, once it is rendered. @param {string} selector */
function focusIn(selector) {
  requestAnimationFrame(() => {
    const column = document.getElementById(`conversation-${desk.selected.value}`);
    /** @type {HTMLElement | null | undefined} */ (column?.querySelector(selector))?.focus();
  });
}

/** Press a button of the selected conversation. @param {string} selector */
function press(selector) {
  const column = document.getElementById(`conversation-${desk.selected.value}`);
  /** @type {HTMLElement | null | undefined} */ (column?.querySelector(selector))?.click();
}

/** @param {1 | -1} step */
function go(step) {
  desk.selectNext(step);
  focusIn("[data-focus]");
}

/** Judge the first answer that is suggested in the selected conversation. @param {boolean} right */
function judgeFirst(right) {
  const id = desk.selected.value;
  if (id) judge(id, suggested.value[id]?.[0], right);
}

/** @param {{presence: {current: null | (() => void)}}} parts */
const commands = ({ presence }) => ({
  accept: () => desk.offers.value[0] && accept(desk.offers.value[0].id, expected),
  decline: () => /** @type {HTMLElement | null} */ (document.querySelector(".offer [data-decline] button"))?.click(),
  next: () => go(1),
  previous: () => go(-1),
  presence: () => presence.current?.(),
  end: () => current()?.state === "active" && end(/** @type {any} */ (current()).id),
  transfer: () => askTransfer(),
  reply: () => press('[data-kind="reply"]'),
  note: () => press('[data-kind="note"]'),
  park: () => press("[data-park] button"),
  label: () => askLabel(),
  panel: desk.togglePanel,
  pin: () => desk.selected.value && desk.togglePin(desk.selected.value),
  answers: () => judgeFirst(true),
  answers_not: () => judgeFirst(false),
  help: () => void (desk.dialog.value = { name: "keys" }),
});

const DIALOGS = /** @type {Record<string, any>} */ ({
  keys: KeysDialog, transfer: TransferDialog, later: LaterDialog, transcript: TranscriptDialog, preview: PreviewDialog,
  readiness: ReadinessDialog, label: LabelDialog,
});

/** @param {{socket: import("../socket.js").LiveSocket}} props */
export function Desk({ socket }) {
  const presence = useRef(/** @type {null | (() => void)} */ (null));
  useEffect(() => listen(commands({ presence })), []);
  const columns = desk.columns.value;
  // What had the focus may be gone: an offer that ended, a conversation that was taken.
  useEffect(() => {
    if (document.activeElement === document.body) document.getElementById("work")?.focus({ preventScroll: true });
  }, [desk.offers.value, columns.join()]);
  useEffect(() => { if (!document.hidden) columns.forEach(desk.read); }, [columns.join()]);
  const shown = desk.dialog.value;
  const Open = shown && DIALOGS[shown.name];
  return html`
    <${Header} presence=${presence} socket=${socket} />
    <${Connection} socket=${socket} />
    <${AlertBanner} socketOpen=${socket.open.value} />
    <main id="work" tabindex="-1" class="desk ${desk.panelOpen.value ? "with-panel" : ""} ${columns.length ? "reading" : ""}" data-columns=${columns.length}>
      <section class="side" aria-label=${t("desk.work")}>
        <${OfferCards} />
        <${ConversationList} />
      </section>
      <div class="columns">
        ${columns.length
          ? columns.map((id) => html`<${Conversation} key=${id} id=${id} socket=${socket} />`)
          : html`<${Nothing} />`}
      </div>
      ${desk.panelOpen.value && html`<${CustomerPanel} key=${desk.selected.value} id=${desk.selected.value} />`}
    </main>
    ${Open && html`<${Open} ...${shown} socketOpen=${socket.open.value} onClose=${() => void (desk.dialog.value = null)} />`}
    <${Toasts} />
    <${Spoken} />
  `;
}

function Nothing() {
  const mine = desk.agent.value;
  const hint = !desk.loaded.value ? "" : mine?.presence === "available" ? t("desk.empty.available") : t("desk.empty.not_available");
  return html`<div class="empty"><h2>${t("desk.empty.title")}</h2><p>${hint}</p></div>`;
}
