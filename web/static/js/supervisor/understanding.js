// @ts-check
/** What messages are about: what a person should say something of, and the versions of the model that learns from it. */
import { useEffect, useRef, useState } from "preact/hooks";
import { get, post } from "../api.js";
import { html } from "../html.js";
import { dayTime, known, languageName, number, percent, t, word } from "../i18n.js";
import { NotYet } from "../ui/asked.js";
import { Dialog } from "../ui/dialog.js";
import { fact } from "../ui/facts.js";
import { Icon } from "../ui/icon.js";
import { toast, toastError } from "../ui/toast.js";
import { choices, LabelPicker } from "../desk/relabel.js";
import { Apart, ModelReport } from "./model_report.js";
import { drawer, understanding } from "./state.js";

const TABS = ["ask", "model"];
const POLL_MS = 1500;
const KEYS_MAX = 5;

export function UnderstandingDialog() {
  const open = understanding.value;
  if (!open) return null;
  const close = () => void (understanding.value = null);
  const back = open.version ? () => void (understanding.value = { tab: "model" }) : null;
  return html`<${Dialog} title=${open.version ? t("model.report", { version: open.version }) : t("understanding.title")} wide onClose=${back ?? close}>
    ${open.version
      ? html`<${ModelReport} id=${open.version} back=${back} look=${(/** @type {string} */ id) => { close(); drawer.value = { interaction: id }; }} />`
      : html`<div class="segments" role="group" aria-label=${t("understanding.title")}>
          ${TABS.map((name) => html`<button type="button" aria-pressed=${open.tab === name} onClick=${() => void (understanding.value = { tab: name })}>${t(`understanding.${name}`)}</button>`)}</div>
        ${open.tab === "ask" ? html`<${Ask} />` : html`<${Model} />`}`}
  <//>`;
}

/** @typedef {{interaction: string, reference: string, subject: string, text: string, language: string | null, labels: [string, number][], doubt: number, arrived_at: string}} Asked */

/** One message after the other; a digit is a label. */
function Ask() {
  const [items, setItems] = useState(/** @type {Asked[] | null} */ (null));
  const [all, setAll] = useState(/** @type {string[]} */ ([]));
  const [other, setOther] = useState(false);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState("");
  const card = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    get("/understanding/to-label").then((found) => setItems(found.items)).catch((error) => setFailure(error.message));
    get("/understanding/labels").then((found) => setAll(found.items)).catch(toastError);
  }, []);
  const one = items?.[0];
  useEffect(() => { if (!other) card.current?.focus(); }, [one?.interaction, other]);
  if (failure || !items) return html`<${NotYet} asked=${{ failure }} />`;
  if (!one) return html`<p class="hint" role="status">${t("understanding.ask.none")}</p>`;
  const offered = choices(one.labels, all).slice(0, KEYS_MAX);
  const next = () => { setOther(false); setItems((before) => (before ?? []).slice(1)); };
  const say = async (/** @type {string} */ label) => {
    if (busy) return;
    setBusy(true);
    try {
      await post(`/interactions/${encodeURIComponent(one.interaction)}/label`, { label, source: "labelled" });
      toast(t("topic.said", { label: word("label", label) }));
      next();
    } catch (error) {
      toastError(error);
    } finally {
      setBusy(false);
    }
  };
  const onKey = (/** @type {KeyboardEvent} */ event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.isComposing || event.repeat) return;
    if (/** @type {HTMLElement} */ (event.target).matches("input, select, textarea")) return;
    const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code)?.[1];
    const taken = digit === "0" ? "unknown" : offered[Number(digit) - 1]?.name;
    const act = digit && taken ? () => void say(taken) : { KeyL: () => setOther(true), KeyS: next }[event.code];
    if (!act) return;
    event.preventDefault();
    act();
  };
  return html`<div class="asked" ref=${card} tabindex="-1" role="group" aria-label=${t("understanding.ask.one", { count: items.length })} onKeyDown=${onKey}>
    <p class="hint">${t("understanding.ask.hint")}</p>
    <p class="hint"><span class="figures">${t("understanding.ask.left", { count: items.length })}</span> · ${one.reference} · ${dayTime(one.arrived_at)}${one.language ? ` · ${languageName(one.language)}` : ""}</p>
    <blockquote class="asked-text" lang=${one.language ?? undefined}>${one.subject && html`<strong>${one.subject}</strong>`}<p>${one.text}</p></blockquote>
    ${other
      ? html`<${LabelPicker} options=${choices(one.labels, all)} current="" pick=${say} disabled=${busy} />`
      : html`<div class="asked-labels">${offered.map(({ name, share }, place) => html`<button key=${name} type="button" class="button" disabled=${busy} onClick=${() => say(name)}>
          <kbd>${place + 1}</kbd>${word("label", name)}${share !== null && html` <span class="figures hint">${percent(share)}</span>`}</button>`)}
        <button type="button" class="button" disabled=${busy} onClick=${() => say("unknown")}><kbd>0</kbd>${word("label", "unknown")}</button>
        <button type="button" class="button quiet" onClick=${() => setOther(true)}><kbd>L</kbd>${t("understanding.ask.other")}</button>
        <button type="button" class="button quiet" onClick=${next}><kbd>S</kbd>${t("understanding.ask.skip")}</button></div>`}
  </div>`;
}

/** The versions, and how they are made. */
function Model() {
  const [now, setNow] = useState(/** @type {any} */ (null));
  const [versions, setVersions] = useState(/** @type {any[]} */ ([]));
  const [failure, setFailure] = useState("");
  const load = () => Promise.all([get("/understanding"), get("/understanding/models")])
    .then(([overview, list]) => { setNow(overview); setVersions(list.items); })
    .catch((error) => setFailure(error.message));
  const trains = now?.training.state === "running";
  useEffect(() => void load(), []);
  useEffect(() => {
    if (!trains) return undefined;
    const timer = setInterval(load, POLL_MS);
    return () => clearInterval(timer);
  }, [trains]);
  const act = (/** @type {string} */ path, /** @type {any} */ body, /** @type {string} */ said) =>
    post(path, body).then(() => said && toast(t(said))).catch(toastError).then(load);
  if (failure || !now) return html`<${NotYet} asked=${{ failure }} />`;
  const taught = Object.values(now.rows).reduce((sum, count) => sum + Number(count), 0);
  return html`
    <${Watched} seen=${now.watched} />
    <p>${t("model.rows", { count: taught })}${taught > 0 && html` <span class="hint">${Object.entries(now.rows).map(([source, count]) => `${t(`model.source.${source}`)}: ${number(Number(count))}`).join(" · ")}</span>`}</p>
    <div class="detail-actions">
      <button type="button" class="button primary" disabled=${trains} onClick=${() => act("/understanding/retrain", {}, "")}><${Icon} name="play" />${t("model.train")}</button>
      <button type="button" class="button" disabled=${!versions.some((each) => each.state === "former")}
        onClick=${() => act("/understanding/rollback", {}, "model.rolled_back")}>${t("model.roll_back")}</button>
    </div>
    <div role="status">${trains && html`<label class="field"><span>${t(`model.step.${now.training.step || "rows"}`)}</span>
        <progress max="1" value=${now.training.share}></progress></label>`}
      ${now.training.state === "failed" && html`<p class="field-error">${t("model.failed", { why: now.training.problem })}</p>`}
      ${now.training.state === "done" && html`<p class="hint">${t("model.done", { version: now.training.version })}</p>`}</div>
    ${now.shadow && html`<p class="hint">${t("model.shadow.figures", { version: now.shadow.version, agreed: now.shadow.agreed, differed: now.shadow.differed })}</p><${Apart} heads=${now.shadow.heads} />`}
    <div class="scroller"><table class="list-table">
      <thead><tr>${["version", "made", "rows", "accuracy", "state"].map((each) => html`<th scope="col">${t(`model.col.${each}`)}</th>`)}<th><span class="sr-only">${t("desk.actions")}</span></th></tr></thead>
      <tbody>${versions.map((one) => html`<tr key=${one.id}>
        <th scope="row" class="text"><button type="button" class="row-link" onClick=${() => void (understanding.value = { tab: "model", version: one.id })}>${one.id}</button></th>
        <td>${dayTime(one.at)}</td><td class="figure">${number(one.rows)}</td>
        <td class="figure">${one.accuracy_after === null ? "–" : html`${one.accuracy_before !== null && `${percent(one.accuracy_before)} → `}${percent(one.accuracy_after)}`}
          ${!one.passes && html` <span class="tag"><${Icon} name="warn" class="small" />${t(one.judged === "against_another" ? "model.not_compared" : "model.worse")}</span>`}
          ${one.judged === "not_here" && html` <span class="tag">${t("model.judged.not_here")}</span>`}</td>
        <td>${t(`model.state.${one.state}`)}</td>
        <td>${one.state !== "live" && html`<button type="button" class="button" aria-label=${`${t("model.use")}: ${one.id}`}
            onClick=${() => (one.passes ? act(`/understanding/models/${one.id}/use`, {}, "model.used") : void (understanding.value = { tab: "model", version: one.id }))}>${t("model.use")}</button>
          <button type="button" class="button quiet" aria-pressed=${one.state === "shadow"} aria-label=${`${t("model.beside")}: ${one.id}`}
            onClick=${() => act(`/understanding/models/${one.id}/shadow`, { on: one.state !== "shadow" }, "")}>${t("model.beside")}</button>`}</td></tr>`)}</tbody></table></div>`;
}

/** How the live model does of late. @param {{seen: any}} props */
function Watched({ seen }) {
  if (!seen || !seen.messages) return null;
  const share = (/** @type {number | null} */ value) => (value === null ? "–" : percent(value));
  const told = (/** @type {string} */ name, /** @type {string} */ value) => fact(t(`model.watch.${name}`), value, "figures");
  return html`<dl class="facts">${told("messages", number(seen.messages))}${told("unknown", share(seen.unknown))}
      ${told("confidence", share(seen.confidence))}${told("corrected", share(seen.corrected))}</dl>
    ${seen.problems.map((/** @type {string} */ code) => html`<p class="warned"><${Icon} name="warn" class="small" />${known(`model.problem.${code}`) ? t(`model.problem.${code}`) : code}</p>`)}`;
}
