// @ts-check
/** What is sent later: a prepared document or the written reply, at an hour that somebody chooses; and what is planned. */
import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { call, get, post } from "../api.js";
import { html } from "../html.js";
import { dayTime, t } from "../i18n.js";
import { Dialog } from "../ui/dialog.js";
import { Icon } from "../ui/icon.js";
import { toast } from "../ui/toast.js";
import { run, running } from "./actions.js";
import { draft, keepDraft } from "./drafts.js";
import { filesComing, filesOf, take } from "./files.js";
import { nameOf } from "./names.js";
import { dialog, held } from "./state.js";

/**
 * @typedef {{name: string, text: string, files: string[], waits: boolean, within: string | null, follow_ups: number,
 *   queue: string | null}} Prepared
 * @typedef {{items: Prepared[], hours: string[], time_zone: string}} Documents
 */

const WRITTEN = "";
const MINE = Intl.DateTimeFormat().resolvedOptions().timeZone;
/** What is prepared, once it was asked for. */
const documents = signal(/** @type {Documents | null} */ (null));

/** @param {string} id */
const of = (id) => `/interactions/${encodeURIComponent(id)}/sendings`;

/** Beside the field. @param {{id: string}} props */
export const LaterButton = ({ id }) => html`<button type="button" class="button quiet later-button" data-later
  onClick=${() => void (dialog.value = { name: "later", id })}><${Icon} name="clock" />${t("later.button")}</button>`;

/** @param {{name: string | null}} sending */
export const nameOfSending = (sending) => sending.name ?? t("later.written");

/** What is planned in a conversation, above the field. @param {{one: import("./types.js").Interaction}} props */
export function Planned({ one }) {
  if (!one.sendings?.length) return null;
  return html`<ul class="planned" aria-label=${t("later.planned")}>${one.sendings.map((each) => html`<li key=${each.id}>
    <${Icon} name=${each.calls ? "callback" : "clock"} class="small" />
    <span>${told(each)}</span>
    <button type="button" class="link" disabled=${running.value[`later:${each.id}`]} onClick=${() => cancel(one.id, each.id)}
      aria-label=${t("later.cancel.which", { name: nameOfSending(each) })}>${t("later.cancel")}</button></li>`)}</ul>`;
}

/** @param {import("./types.js").PlannedSending} one */
export function told(one) {
  const what = { name: nameOfSending(one), time: dayTime(one.due_at), queue: one.queue ?? "" };
  return t(one.calls ? "later.calls" : one.step ? "later.follows" : "later.goes", what);
}

/** @param {string} interaction @param {string} sending */
export const cancel = (interaction, sending) =>
  run(`later:${sending}`, () => call("DELETE", `${of(interaction)}/${encodeURIComponent(sending)}`).then(() => toast(t("later.cancelled"))));

/** @param {{id: string, onClose: () => void}} props */
export function LaterDialog({ id, onClose }) {
  const one = held.value[id];
  const [failure, setFailure] = useState("");
  useEffect(() => {
    const language = one?.language ? `?language=${encodeURIComponent(one.language)}` : "";
    documents.value = null;
    get(`/documents${language}`).then((found) => void (documents.value = found)).catch((error) => setFailure(error.message));
  }, [id]);
  if (!one) return null;
  const known = documents.value;
  return html`<${Dialog} title=${t("later.title", { name: nameOf(one) })} onClose=${onClose}>
    ${failure && html`<p role="alert">${failure}</p>`}
    ${!known && !failure && html`<p class="hint">${t("ui.loading")}</p>`}
    ${known && html`<${LaterForm} one=${one} known=${known} onClose=${onClose} />`}
  <//>`;
}

/** Tomorrow at nine on the clock of this computer, as a date field has it. */
function tomorrow() {
  const day = new Date(new Date().setHours(33, 0, 0, 0));
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}T09:00`;
}

/** @param {{one: import("./types.js").Interaction, known: Documents, onClose: () => void}} props */
function LaterForm({ one, known, onClose }) {
  const [what, setWhat] = useState(draft(one.id, "reply").trim() || !known.items.length ? WRITTEN : known.items[0].name);
  const [chosen, setChosen] = useState(true);
  const [at, setAt] = useState(tomorrow());
  const [zone, setZone] = useState(one.time_zone ?? MINE);
  const [within, setWithin] = useState(false);
  const [hours, setHours] = useState(known.hours[0] ?? "");
  const [followUp, setFollowUp] = useState(true);
  const [unless, setUnless] = useState(false);
  const text = draft(one.id, "reply");
  const files = filesOf(one.id).filter((file) => file.state === "ready");
  const document = known.items.find((each) => each.name === what);
  const follows = Boolean(document && (document.follow_ups || document.queue));
  const zones = [...new Set([one.time_zone, MINE, known.time_zone].filter(Boolean))];
  const go = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!(/** @type {HTMLFormElement} */ (event.target).reportValidity())) return;
    const body = {
      ...(document ? { name: document.name } : { text: text.trim(), attachments: files.map((file) => file.id) }),
      ...(chosen && { at, time_zone: zone }),
      ...(within && hours && { within: hours }),
      follow_up: followUp,
      unless_answered: unless,
    };
    const done = await run(`later:${one.id}`, () => post(of(one.id), body));
    if (!done) return;
    if (!document) {
      keepDraft(one.id, "reply", "");
      take(one.id);
    }
    toast(t("later.done"));
    onClose();
  };
  const check = (/** @type {boolean} */ value, /** @type {(value: boolean) => void} */ set, /** @type {string} */ label, /** @type {any} */ more = null) => html`<label class="choice">
    <input type="checkbox" checked=${value} onChange=${(/** @type {any} */ event) => set(event.target.checked)} /><span>${label}</span>${more}</label>`;
  return html`<form class="later" onSubmit=${go}>
    <label class="field"><span>${t("later.what")}</span>
      <select autofocus value=${what} onChange=${(/** @type {any} */ event) => setWhat(event.target.value)}>
        <option value=${WRITTEN}>${t("later.written")}</option>
        ${known.items.map((each) => html`<option value=${each.name}>${each.name}</option>`)}
      </select></label>
    ${document
      ? html`<div class="later-preview"><p class="text" lang=${one.language ?? undefined}>${document.text}</p>
          ${document.files.map((file) => html`<p class="hint"><${Icon} name="attach" class="small" />${file}</p>`)}</div>`
      : html`<label class="field"><span>${t("later.text")}</span>
          <textarea rows="5" required maxlength="20000" lang=${one.language ?? undefined} value=${text}
            onInput=${(/** @type {any} */ event) => keepDraft(one.id, "reply", event.target.value)}></textarea></label>
          ${files.map((file) => html`<p class="hint"><${Icon} name="attach" class="small" />${file.filename}</p>`)}`}
    <fieldset class="field"><legend>${t("later.when")}</legend>
      <label class="choice"><input type="radio" name="when" checked=${!chosen} onChange=${() => setChosen(false)} />
        <span>${t(document?.waits ? "later.when.prepared" : "later.when.now")}</span></label>
      <label class="choice"><input type="radio" name="when" checked=${chosen} onChange=${() => setChosen(true)} />
        <span>${t("later.when.at")}</span></label>
      ${chosen && html`<div class="later-at">
        <input type="datetime-local" required value=${at} aria-label=${t("later.at")} onInput=${(/** @type {any} */ event) => setAt(event.target.value)} />
        <select value=${zone} aria-label=${t("later.zone")} onChange=${(/** @type {any} */ event) => setZone(event.target.value)}>
          ${zones.map((each) => html`<option value=${each}>${each === one.time_zone ? t("later.zone.customer", { zone: each }) : each === MINE ? t("later.zone.mine", { zone: each }) : each}</option>`)}
        </select></div>`}
    </fieldset>
    <div class="later-choices">
      ${known.hours.length > 0 && check(within, setWithin, t("later.within"), known.hours.length > 1 && within && html`<select value=${hours}
        aria-label=${t("later.hours")} onChange=${(/** @type {any} */ event) => setHours(event.target.value)}>
        ${known.hours.map((each) => html`<option value=${each}>${each}</option>`)}</select>`)}
      ${follows && check(followUp, setFollowUp, followUpText(/** @type {Prepared} */ (document)))}
      ${check(unless, setUnless, t("later.unless"))}
    </div>
    <footer class="dialog-foot">
      <button type="button" class="button" onClick=${onClose}>${t("ui.cancel")}</button>
      <button type="submit" class="button primary" disabled=${running.value[`later:${one.id}`] || (!document && filesComing(one.id))}>
        <${Icon} name=${chosen ? "clock" : "send"} />${t(chosen || document?.waits ? "later.plan" : "later.send")}</button>
    </footer>
  </form>`;
}

/** @param {Prepared} document */
function followUpText(document) {
  const count = document.follow_ups;
  if (!document.queue) return t("later.follow_up", { count });
  return count ? t("later.follow_up_and_call", { count, queue: document.queue }) : t("later.call", { queue: document.queue });
}
