// @ts-check
/** What came in and could not be processed: told at once, looked at safely, tried again or discarded. */
import { useEffect, useState } from "preact/hooks";
import { get, getText, post } from "../api.js";
import { html } from "../html.js";
import { dayTime, number, t } from "../i18n.js";
import { NotYet } from "../ui/asked.js";
import { Dialog } from "../ui/dialog.js";
import { fact } from "../ui/facts.js";
import { Icon } from "../ui/icon.js";
import { toast } from "../ui/toast.js";
import { quarantine, quarantined } from "./state.js";

/** So many bytes are shown; all of them can be saved. */
const SHOWN = 65536;
/** Signs that turn the direction of reading, or are not seen: text that deceives. */
const DECEIVING = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;

/** @typedef {{id: string, channel: string, kind: string, received_at: string, size: number, attempts: number, error: string, sender: string, subject: string}} Quarantined */

/** @param {string} id */
const of = (id) => `/quarantine/${encodeURIComponent(id)}`;
/** @param {Quarantined} one */
const nameOf = (one) => one.subject || one.sender || t("quarantine.unreadable");

/** The line that stands on the wallboard as long as something waits. */
export function QuarantineAlarm() {
  const count = quarantined.value;
  return html`<div role="status">${count > 0 && html`<div class="banner red">
    <${Icon} name="warn" /><span>${t("quarantine.alarm", { count })}</span>
    <button type="button" class="button" onClick=${() => void (quarantine.value = {})}>${t("quarantine.look")}</button></div>`}</div>`;
}

export function QuarantineDialog() {
  const open = quarantine.value;
  if (!open) return null;
  const back = open.id ? () => void (quarantine.value = {}) : null;
  return html`<${Dialog} title=${open.id ? t("quarantine.one") : t("quarantine.title")} wide
    onClose=${back ?? (() => void (quarantine.value = null))}>
    <${Quarantine} id=${open.id ?? null} back=${back} />
  <//>`;
}

/** @param {{id: string | null, back: (() => void) | null}} props */
function Quarantine({ id, back }) {
  const [items, setItems] = useState(/** @type {Quarantined[] | null} */ (null));
  const [next, setNext] = useState(/** @type {string | null} */ (null));
  const [failure, setFailure] = useState("");
  const count = quarantined.value;
  const load = (/** @type {string | null} */ cursor) =>
    get(`/quarantine?limit=50${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`)
      .then((page) => {
        setItems((before) => (cursor ? [...(before ?? []), ...page.items] : page.items));
        setNext(page.next);
        setFailure("");
      })
      .catch((error) => setFailure(error.message));
  useEffect(() => void load(null), [count]);
  const gone = () => { setItems((before) => (before ?? []).filter((each) => each.id !== id)); back?.(); };
  const one = items?.find((each) => each.id === id);
  if (failure || !items) return html`<${NotYet} asked=${{ failure }} />`;
  if (id) return one ? html`<${Detail} key=${id} one=${one} back=${back} gone=${gone} />` : html`<p class="hint">${t("quarantine.gone")}</p>`;
  if (!items.length) return html`<p class="hint">${t("quarantine.empty")}</p>`;
  return html`<p class="hint">${t("quarantine.hint")}</p>
    <ul class="quarantine">${items.map((each) => html`<li key=${each.id}>
      <button type="button" class="row-link" onClick=${() => void (quarantine.value = { id: each.id })}>${nameOf(each)}</button>
      <span class="hint clip">${each.sender}</span>
      <span class="hint">${dayTime(each.received_at)} · ${each.channel} · ${t("quarantine.size", { size: number(each.size) })}</span>
      <span class="quarantine-error">${each.error}</span></li>`)}</ul>
    ${next && html`<button type="button" class="button" onClick=${() => load(next)}>${t("quarantine.more")}</button>`}`;
}

/** @param {{one: Quarantined, back: (() => void) | null, gone: () => void}} props */
function Detail({ one, back, gone }) {
  const [raw, setRaw] = useState(/** @type {string | null} */ (null));
  const [failure, setFailure] = useState("");
  const [busy, setBusy] = useState(false);
  const [why, setWhy] = useState("");
  useEffect(() => {
    getText(`${of(one.id)}/raw?limit=${SHOWN}`).then(setRaw).catch((error) => setFailure(error.message));
  }, [one.id]);
  const act = async (/** @type {string} */ what, /** @type {any} */ body, /** @type {string} */ said) => {
    setBusy(true);
    try {
      await post(`${of(one.id)}/${what}`, body);
      toast(t(said));
      gone();
    } catch (error) {
      setFailure(/** @type {Error} */ (error).message);
      setBusy(false);
    }
  };
  const discard = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (/** @type {HTMLFormElement} */ (event.target).reportValidity()) void act("discard", { reason: why.trim() }, "quarantine.discarded");
  };
  const told = (/** @type {string} */ name, /** @type {any} */ value) => fact(t(`quarantine.${name}`), value || "–");
  return html`<div class="detail">
    <div class="detail-head"><button type="button" class="button quiet" onClick=${back}><${Icon} name="left" />${t("quarantine.back")}</button></div>
    <dl class="facts">${told("subject", one.subject)}${told("sender", one.sender)}${told("channel", one.channel)}
      ${told("received", dayTime(one.received_at))}${told("attempts", number(one.attempts))}${told("error", one.error)}</dl>
    <p class="hint">${t("quarantine.claims")}</p>
    <pre class="raw" tabindex="0" aria-label=${t("quarantine.raw")}>${raw === null ? t("ui.loading") : raw.replace(DECEIVING, "\ufffd")}</pre>
    ${one.size > SHOWN && html`<p class="hint">${t("quarantine.cut", { size: number(SHOWN) })}</p>`}
    ${failure && html`<p class="field-error" role="alert">${failure}</p>`}
    <div class="detail-actions">
      <button type="button" class="button primary" disabled=${busy} onClick=${() => act("replay", {}, "quarantine.replayed")}>
        <${Icon} name="play" />${t("quarantine.replay")}</button>
      <a class="button" href="/api/v1${of(one.id)}/raw" download>${t("quarantine.save")}</a>
    </div>
    <form class="quarantine-discard" onSubmit=${discard}>
      <label class="field"><span>${t("quarantine.why")}</span>
        <input type="text" required maxlength="500" value=${why} onInput=${(/** @type {any} */ event) => setWhy(event.target.value)} /></label>
      <button type="submit" class="button ending" disabled=${busy}>${t("quarantine.discard")}</button>
    </form>
  </div>`;
}
