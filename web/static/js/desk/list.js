// @ts-check
import { html } from "../html.js";
import { now, second } from "../clock.js";
import { ms, span, t, word } from "../i18n.js";
import { Icon, MediumIcon } from "../ui/icon.js";
import { hasDraft } from "./drafts.js";
import { nameOf } from "./names.js";
import { columns, held, list, pinned, select, selected, threads, togglePin, unread, waitsSince } from "./state.js";

const CHAT_LIMIT_MS_MIN = 60000;

/** How bad a customer's wait is, against the queue's target. @param {import("./types.js").Interaction} one @param {number} waitedMs */
export function urgency(one, waitedMs) {
  const target = ms(one.due_at) - ms(one.arrived_at);
  const limit = Math.max(Number.isNaN(target) ? 0 : target, CHAT_LIMIT_MS_MIN);
  return waitedMs >= limit ? "red" : waitedMs >= 0.6 * limit ? "amber" : "";
}

export function ConversationList() {
  const all = list.value;
  return html`<nav class="conversations" aria-label=${t("desk.conversations")}>
    <h2 class="list-title">${t("desk.conversations")} <span class="figures">${all.length || ""}</span></h2>
    <ul>${all.map((one) => html`<${Row} key=${one.id} id=${one.id} />`)}</ul>
    ${all.length === 0 && html`<p class="hint">${t("desk.none_held")}</p>`}
  </nav>`;
}

/** @param {{id: string}} props */
function Row({ id }) {
  const one = held.value[id];
  if (!one) return null;
  const open = columns.value.includes(id);
  const fresh = unread(id);
  const isPinned = pinned.value.includes(id);
  return html`<li class="row ${open ? "open" : ""} ${selected.value === id ? "selected" : ""}">
    <button type="button" class="row-main" aria-current=${selected.value === id ? "true" : undefined} onClick=${() => select(id)}>
      <${MediumIcon} medium=${one.medium} /><span class="sr-only">${word("medium", one.medium)}, </span>
      <span class="row-name">${nameOf(one)}</span>
      ${fresh > 0 && html`<span class="unread"><span class="sr-only">, </span>${fresh}<span class="sr-only"> ${t("desk.unread", { count: fresh })}</span></span>`}
      <span class="row-text">${lastWords(one)}</span>
      <${RowState} one=${one} />
    </button>
    <button type="button" class="button quiet square pin ${isPinned ? "on" : ""}" aria-pressed=${isPinned}
      aria-label=${t("desk.pin", { name: nameOf(one) })} title=${t("desk.pin.hint")} onClick=${() => togglePin(id)}>
      <${Icon} name="pin" />
    </button>
  </li>`;
}

/** @param {import("./types.js").Interaction} one */
function lastWords(one) {
  const last = threads.value[one.id]?.findLast((message) => message.author !== "note");
  return one.medium === "email" ? one.subject || one.preview : last?.text.slice(0, 90) || one.preview || one.subject;
}

/** @param {{one: import("./types.js").Interaction}} props */
function RowState({ one }) {
  second.value;
  const draft = hasDraft(one.id) && html`<span class="tag">${t("desk.draft")}</span>`;
  if (one.state === "wrap_up") {
    const left = ms(one.wrap_up_until) - now();
    return html`<span class="row-state wrap">${draft}${t("desk.wrap_up.short")} ${Number.isNaN(left) ? "" : span(left)}</span>`;
  }
  if (one.state === "parked") return html`<span class="row-state">${draft}<${Icon} name="pause" class="small" />${t("state.parked")}</span>`;
  const since = waitsSince(one);
  if (Number.isNaN(since)) return html`<span class="row-state">${draft}${one.medium === "callback" ? t("desk.call.open") : t("desk.answered")}</span>`;
  const waited = now() - since;
  const level = urgency(one, waited);
  return html`<span class="row-state ${level}">${draft}
    <${Icon} name=${level === "red" ? "alarm" : level ? "warn" : "clock"} class="small" />${t("desk.customer_waits", { time: span(waited) })}</span>`;
}
