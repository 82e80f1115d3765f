// @ts-check
/** Far more about one matter than usual: told at once, and one answer offered for all who wait with it. */
import { useEffect, useState } from "preact/hooks";
import { get, post } from "../api.js";
import { now, second } from "../clock.js";
import { html } from "../html.js";
import { dayTime, language, languageName, ms, number, percent, shortTime, span, t, word } from "../i18n.js";
import { NotYet, useAsked } from "../ui/asked.js";
import { Dialog } from "../ui/dialog.js";
import { fact } from "../ui/facts.js";
import { Icon } from "../ui/icon.js";
import { toast, toastError } from "../ui/toast.js";
import { answering, avalanches, bulkGiven, queues } from "./state.js";

/**
 * @typedef {{label: string, queue: string | null, since: string | null, arrivals?: number, forecast?: number,
 *   window_s?: number, automated_until: string | null}} Told
 * @typedef {{label: string, waiting: number, sure: number, confidence: number, languages: Record<string, number>}} Waiting
 * @typedef {{id: string, titles: Record<string, string>, texts: Record<string, string>}} Prepared
 * @typedef {{items: {label: string, queue: string | null, waiting: Waiting, articles: Prepared[]}[], waiting: Waiting[],
 *   prepared: Record<string, Prepared[]>, languages: string[], automate_for_s: number, undo_s: number}} Offer
 * @typedef {{gets: number, by_language: Record<string, number>, left_out: Record<string, number>,
 *   reasons: Record<string, string>, texts: Record<string, string>}} Preview
 */

const ANY = "any";
/** How long typing rests before the preview is asked for anew. */
const REST_MS = 400;

/** @param {string} label @param {string} act @param {any} body */
const tell = (label, act, body) => post(`/avalanches/${encodeURIComponent(label)}/${act}`, body);

/** @param {string} label */
const named = (label) => word("label", label);

/** @param {string} label @param {string} bulk */
const takeBack = (label, bulk) =>
  tell(label, "undo", { bulk }).then((done) => toast(t("avalanche.undone", { count: done.answered }))).catch(toastError);

/** The lines that stand on the wallboard: what comes, what is answered by itself, what was just given. */
export function AvalancheAlarm() {
  return html`<div role="status">
    ${avalanches.value.map((one) => html`<${Line} key=${`${one.queue ?? ""}/${one.label}`} one=${one} />`)}
    <${Given} /></div>`;
}

/** @param {{one: Told}} props */
function Line({ one }) {
  const end = (/** @type {boolean} */ only) =>
    tell(one.label, "end", { queue: one.queue, automation_only: only }).catch(toastError);
  return html`<div class="banner amber avalanche">
    <${Icon} name="alarm" /><span>
      ${one.since && t("avalanche.began", { label: named(one.label), count: one.arrivals ?? 0, window: span((one.window_s ?? 0) * 1000), forecast: number(Math.round((one.forecast ?? 0) * 10) / 10) })}
      ${one.queue && ` ${t("avalanche.in_queue", { queue: one.queue })}`}
      ${one.automated_until && ` ${t("avalanche.automated", { label: named(one.label), time: shortTime(one.automated_until) })}`}</span>
    ${one.since && html`<button type="button" class="button primary" aria-label=${t("avalanche.offer.of", { label: named(one.label) })}
      onClick=${() => void (answering.value = { label: one.label, queue: one.queue })}>${t("avalanche.offer")}</button>`}
    ${one.automated_until && html`<button type="button" class="button" aria-label=${t("avalanche.stop.of", { label: named(one.label) })}
      onClick=${() => end(true)}>${t("avalanche.stop")}</button>`}
    ${one.since && html`<button type="button" class="button" aria-label=${t("avalanche.none.of", { label: named(one.label) })}
      onClick=${() => end(false)}>${t("avalanche.none")}</button>`}</div>`;
}

/** What was given last, with the way back as long as there is one. */
function Given() {
  second.value;
  const given = bulkGiven.value;
  if (!given) return null;
  const left = ms(given.undo_until) - now();
  const undo = () => takeBack(given.label, given.id).then(() => void (bulkGiven.value = null));
  return html`<div class="banner green"><${Icon} name="check" /><span>${t("avalanche.done", { count: given.answered })}
      ${left > 0 && html` <span aria-live="off">${t("avalanche.undo.for", { span: span(left) })}</span>`}</span>
    ${left > 0 && html`<button type="button" class="button" onClick=${undo}>${t("avalanche.undo")}</button>`}
    <button type="button" class="button" onClick=${() => void (answering.value = { report: given.id })}>${t("avalanche.report")}</button>
    <button type="button" class="button quiet" onClick=${() => void (bulkGiven.value = null)}>${t("avalanche.dismiss")}</button></div>`;
}

export function AvalancheDialog() {
  const open = answering.value;
  const close = () => void (answering.value = null);
  if (!open) return null;
  return html`<${Dialog} title=${t("avalanche.title")} wide onClose=${close}>
    ${open.report ? html`<${Report} id=${open.report} />` : html`<${Offering} label=${open.label ?? ""} queue=${open.queue ?? null} onDone=${close} /><${Latest} />`}<//>`;
}

/** A choice of the select: a label, of a queue or not, or all in a queue. @param {string} label @param {string | null} queue */
const choiceOf = (label, queue) => JSON.stringify([label, queue]);

/** @param {{label: string, queue: string | null, onDone: () => void}} props */
function Offering({ label, queue, onDone }) {
  const asked = useAsked("/avalanches");
  /** @type {Offer | null} */
  const offer = asked.found;
  if (!offer) return html`<${NotYet} asked=${asked} />`;
  const first = label || offer.waiting[0]?.label || "";
  return html`<${Form} offer=${offer} first=${first ? choiceOf(first, queue) : choiceOf(ANY, queues.value[0]?.name ?? null)} onDone=${onDone} />`;
}

/** @param {{offer: Offer, first: string, onDone: () => void}} props */
function Form({ offer, first, onDone }) {
  const [about, setAbout] = useState(first);
  const [article, setArticle] = useState("");
  const [texts, setTexts] = useState(/** @type {Record<string, string>} */ ({}));
  const [everybody, setEverybody] = useState(false);
  const [automate, setAutomate] = useState("no");
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState("");
  const [label, queue] = /** @type {[string, string | null]} */ (JSON.parse(about));
  const prepared = offer.prepared[label] ?? [];
  const choose = (/** @type {string} */ id) => {
    setArticle(id);
    setTexts(prepared.find((each) => each.id === id)?.texts ?? {});
  };
  // Where something is prepared it is shown: then one click is enough.
  useEffect(() => choose(prepared[0]?.id ?? ""), [about]);
  const body = {
    texts: Object.fromEntries(Object.entries(texts).filter(([, text]) => text.trim())),
    ...(article && { article }),
    include: { ...(queue && { queue }), everybody },
    ...(automate !== "no" && { automate_for: `${offer.automate_for_s}s`, while_it_lasts: automate === "lasts" }),
  };
  const preview = usePreview(label, body);
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    setBusy(true);
    try {
      const done = await tell(label, "answer", body);
      bulkGiven.value = { id: done.id, label, answered: done.answered, undo_until: done.undo_until };
      onDone();
    } catch (error) {
      setFailure(/** @type {Error} */ (error).message);
    } finally {
      setBusy(false);
    }
  };
  const known = [...offer.items.map((each) => each.waiting), ...offer.waiting].find((each) => each.label === label);
  const lasting = offer.items.some((each) => each.label === label);
  return html`<form onSubmit=${submit}>
    <label class="field"><span>${t("avalanche.about")}</span>
      <select value=${about} onChange=${(/** @type {any} */ event) => setAbout(event.target.value)}>
        ${choices(offer, first).map(([value, text]) => html`<option value=${value} selected=${value === about}>${text}</option>`)}</select>
      ${known && label !== ANY && html`<span class="hint">${t("avalanche.sure", { share: percent(known.confidence), languages: listed(known.languages) })}</span>`}</label>
    <label class="field"><span>${t("avalanche.prepared")}</span>
      <select value=${article} onChange=${(/** @type {any} */ event) => choose(event.target.value)}>
        ${prepared.map((each) => html`<option value=${each.id} selected=${each.id === article}>${each.titles[language] ?? Object.values(each.titles)[0]}</option>`)}
        <option value="" selected=${!article}>${t("avalanche.new")}</option></select></label>
    <p class="hint">${t("avalanche.text.hint")}</p>
    ${offer.languages.map((each) => html`<label class="field" key=${each}><span>${t("avalanche.text", { language: languageName(each) })}</span>
      <textarea rows="3" maxlength="20000" lang=${each} value=${texts[each] ?? ""}
        onInput=${(/** @type {any} */ event) => setTexts({ ...texts, [each]: event.target.value })}></textarea></label>`)}
    <label class="switch-line"><input type="checkbox" checked=${everybody} onChange=${(/** @type {any} */ event) => setEverybody(event.target.checked)} />
      <span>${t("avalanche.everybody")}</span></label>
    ${label !== ANY && html`<label class="field"><span>${t("avalanche.automate")}</span>
      <select value=${automate} onChange=${(/** @type {any} */ event) => setAutomate(event.target.value)}>
        <option value="no">${t("avalanche.automate.no")}</option>
        ${lasting && html`<option value="lasts">${t("avalanche.automate.lasts", { span: span(offer.automate_for_s * 1000) })}</option>`}
        <option value="span">${t("avalanche.automate.span", { span: span(offer.automate_for_s * 1000) })}</option></select></label>`}
    <${Shown} preview=${preview} />
    ${failure && html`<p class="field-error" role="alert">${failure}</p>`}
    <footer class="dialog-foot"><button type="button" class="button" onClick=${onDone}>${t("ui.cancel")}</button>
      <button type="submit" class="button primary" disabled=${busy || !preview?.gets}>${t("avalanche.go", { count: preview?.gets ?? 0 })}</button></footer>
  </form>`;
}

/** What can be chosen: what comes far more often first. @param {Offer} offer @param {string} first @returns {[string, string][]} */
function choices(offer, first) {
  const found = /** @type {Map<string, string>} */ (new Map());
  const of = (/** @type {Waiting} */ one, /** @type {string | null} */ queue) =>
    found.set(choiceOf(one.label, queue), t("avalanche.about.label", { label: named(one.label), waiting: one.waiting }) + (queue ? ` · ${queue}` : ""));
  for (const one of offer.items) of(one.waiting, one.queue);
  for (const one of offer.waiting) of(one, null);
  for (const row of queues.value) found.set(choiceOf(ANY, row.name), t("avalanche.about.queue", { queue: row.name, waiting: row.waiting }));
  if (!found.has(first)) found.set(first, named(JSON.parse(first)[0]));
  return [...found];
}

/** @param {Record<string, number>} counts */
const listed = (counts) => Object.entries(counts).map(([code, count]) => `${languageName(code) || "?"} ${number(count)}`).join(", ") || "–";

/** Who would get it, asked for whenever that may have changed. @param {string} label @param {any} body @returns {Preview | null} */
function usePreview(label, body) {
  const [preview, setPreview] = useState(/** @type {Preview | null} */ (null));
  const asked = JSON.stringify([label, body]);
  useEffect(() => {
    let wanted = true;
    if (!Object.keys(body.texts).length && !body.article) { setPreview(null); return undefined; }
    const later = setTimeout(() => tell(label, "preview", body).then((found) => wanted && setPreview(found)).catch(() => wanted && setPreview(null)), REST_MS);
    return () => { wanted = false; clearTimeout(later); };
  }, [asked]);
  return preview;
}

/** @param {{preview: Preview | null}} props */
function Shown({ preview }) {
  const missed = Object.entries(preview?.left_out ?? {});
  const count = missed.reduce((sum, [, each]) => sum + each, 0);
  return html`<section aria-label=${t("avalanche.preview")} aria-live="polite">
    ${preview && html`<p><strong>${t("avalanche.gets", { count: preview.gets })}</strong> ${preview.gets > 0 && html`<span class="hint">${listed(preview.by_language)}</span>`}</p>
    ${count > 0 && html`<p>${t("avalanche.left_out", { count })}</p><ul>${missed.map(([code, each]) => html`<li key=${code}>${number(each)} · ${preview.reasons[code] ?? code}</li>`)}</ul>`}`}</section>`;
}

/**
 * @typedef {{id: string, at: string, by: string, label: string, queue: string | null, undo_until: string | null,
 *   undone_at: string | null}} Bulk
 */

function Latest() {
  const [items, setItems] = useState(/** @type {Bulk[] | null} */ (null));
  const load = () => void get("/bulk-answers?limit=10").then((answer) => setItems(answer.items)).catch(toastError);
  useEffect(load, []);
  const undo = (/** @type {Bulk} */ one) => takeBack(one.label || ANY, one.id).then(load);
  if (!items) return null;
  return html`<section><h3>${t("avalanche.latest")}</h3>
    ${!items.length && html`<p class="hint">${t("avalanche.latest.none")}</p>`}
    <ul>${items.map((one) => html`<li key=${one.id}>
      <button type="button" class="row-link" onClick=${() => void (answering.value = { report: one.id })}>${one.label ? named(one.label) : one.queue}</button>
      <span class="hint"> ${dayTime(one.at)} · ${one.by}${one.undone_at && ` · ${t("avalanche.report.undone")}`}</span>
      ${!one.undone_at && ms(one.undo_until) > now() && html`<button type="button" class="link" onClick=${() => undo(one)}>${t("avalanche.undo")}</button>`}</li>`)}</ul></section>`;
}

const COUNTS = ["got", "by_itself", "confirmed", "resting", "silent", "left", "came_back", "again", "undone"];

/** @param {{id: string}} props */
function Report({ id }) {
  const asked = useAsked(`/bulk-answers/${encodeURIComponent(id)}`);
  const found = asked.found;
  if (!found) return html`<${NotYet} asked=${asked} />`;
  const told = (/** @type {string} */ name, /** @type {string} */ value) => fact(t(`avalanche.report.${name}`), value);
  const saved = found.saved_max_s === null ? "–" : t("avalanche.report.range", { low: span(found.saved_min_s * 1000), high: span(found.saved_max_s * 1000) });
  return html`<h3>${found.bulk.label ? named(found.bulk.label) : found.bulk.queue} <span class="hint">${dayTime(found.bulk.at)} · ${found.bulk.by}</span></h3>
    <dl class="facts">${COUNTS.map((name) => told(name, number(found[name])))}${told("saved", saved)}</dl>
    <p class="hint">${t("avalanche.report.caution")}</p>`;
}
