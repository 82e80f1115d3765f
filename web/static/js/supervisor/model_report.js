// @ts-check
/** A version beside the model that was live when it was made: whether it is better, where, and what it would change. */
import { useEffect, useState } from "preact/hooks";
import { get, post } from "../api.js";
import { html } from "../html.js";
import { number, percent, t, word } from "../i18n.js";
import { NotYet } from "../ui/asked.js";
import { fact } from "../ui/facts.js";
import { Icon } from "../ui/icon.js";
import { toast, toastError } from "../ui/toast.js";

/** @param {number | null | undefined} value */
const share = (value) => (value === null || value === undefined ? "–" : percent(value));
/** @param {string} name */
const label = (name) => word("label", name === "oos" ? "unknown" : name);

/** @param {{id: string, back: (() => void) | null, look: (interaction: string) => void}} props */
export function ModelReport({ id, back, look }) {
  const [one, setOne] = useState(/** @type {any} */ (null));
  const [yes, setYes] = useState(false);
  const [failure, setFailure] = useState("");
  const load = () => get(`/understanding/models/${encodeURIComponent(id)}`).then(setOne).catch((error) => setFailure(error.message));
  useEffect(() => void load(), [id]);
  if (failure || !one) return html`<${NotYet} asked=${{ failure }} />`;
  const report = one.report ?? {};
  const use = () => post(`/understanding/models/${encodeURIComponent(id)}/use`, { yes }).then(() => { toast(t("model.used")); return load(); }).catch(toastError);
  return html`<div class="detail">
    <div class="detail-head"><button type="button" class="button quiet" onClick=${back}><${Icon} name="left" />${t("understanding.title")}</button></div>
    <dl class="facts">${fact(t("model.col.state"), t(`model.state.${one.state}`))}
      ${fact(t("model.col.rows"), number(one.rows), "figures")}
      ${fact(t("model.fingerprint"), one.fingerprint.slice(0, 16) || "–", "figures")}</dl>
    ${report.gate && html`<${Gate} gate=${report.gate} report=${report} />`}
    ${one.judged === "against_another" && html`<p class="warned"><${Icon} name="warn" class="small" />${t("model.judged.against", { version: report.against ?? "–" })}</p>`}
    ${one.judged === "not_here" && html`<p class="hint">${t("model.judged.not_here")}</p>`}
    ${one.state !== "live" && html`<div class="detail-actions">
      ${!one.passes && html`<label class="tick"><input type="checkbox" checked=${yes} onChange=${(/** @type {any} */ event) => setYes(event.target.checked)} /><span>${t(one.judged === "against_another" ? "model.yes.not_compared" : "model.yes")}</span></label>`}
      <button type="button" class="button primary" disabled=${!one.passes && !yes} onClick=${use}>${t("model.use")}</button></div>`}
    ${report.week && report.before && html`<${Week} week=${report.week} look=${look} />`}
    ${report.per_class && html`<${PerClass} rows=${report.per_class} />`}
    ${report.confusion && html`<${Confusion} pairs=${report.confusion.after} />`}
    ${report.calibration && html`<${Calibration} points=${report.calibration.after} />`}
  </div>`;
}

/** @param {{gate: any, report: any}} props */
function Gate({ gate, report }) {
  if (!report.before) return html`<p>${t("model.gate.first", { n: gate.n, share: share(report.after?.accuracy) })}</p>`;
  const told = { n: gate.n, before: gate.only_before ?? 0, after: gate.only_after ?? 0 };
  return html`<p class=${gate.passes ? "" : "warned"}><${Icon} name=${gate.passes ? "check" : "warn"} class="small" />${" "}
      ${t(gate.passes ? "model.gate.passes" : "model.gate.worse", told)}
      ${gate.confidence !== null && gate.confidence !== undefined && html` ${t("model.gate.sure", { share: percent(gate.confidence) })}`}</p>
    <p class="hint">${t("model.accuracy", { before: share(report.before?.accuracy), after: share(report.after?.accuracy) })}</p>`;
}

/** @param {{week: any, look: (interaction: string) => void}} props */
function Week({ week, look }) {
  return html`<section><h3>${t("model.week")}</h3>
    <p>${t("model.week.changed", { changed: number(week.changed), count: week.messages })}</p>
    <${Apart} heads=${week.heads} />
    ${week.pairs.length > 0 && html`<ul class="tags">${week.pairs.map((/** @type {any[]} */ [from, to, count]) => html`<li class="tag">${label(from)} → ${label(to)} <span class="figures">${number(count)}</span></li>`)}</ul>
      <ul>${week.examples.slice(0, 10).map((/** @type {any} */ each) => html`<li key=${each.interaction}>
        <button type="button" class="row-link" onClick=${() => look(each.interaction)}>${each.number || each.interaction}</button> <span class="hint">${label(each.from)} → ${label(each.to)}</span></li>`)}</ul>`}
  </section>`;
}

/** How often department, urgency or mood would be another. @param {{heads?: Record<string, number>}} props */
export function Apart({ heads }) {
  const named = Object.entries(heads ?? {});
  if (!named.length) return null;
  return html`<p>${t("model.apart")} ${named.map(([head, count]) => html`<span key=${head} class="tag">${t(`interaction.${head}`)} <span class="figures">${number(count)}</span></span> `)}</p>`;
}

/** @param {{rows: Record<string, any>}} props */
function PerClass({ rows }) {
  return html`<section><h3>${t("model.per_class")}</h3><div class="scroller" tabindex="0" role="region" aria-label=${t("model.per_class")}><table class="list-table">
    <thead><tr><th scope="col">${t("interaction.labels")}</th><th scope="col">${t("model.col.texts")}</th><th scope="col">${t("model.col.before")}</th><th scope="col">${t("model.col.after")}</th></tr></thead>
    <tbody>${Object.entries(rows).map(([name, row]) => html`<tr key=${name}><th scope="row" class="text">${label(name)}</th>
      <td class="figure">${number(row.n)}</td><td class="figure">${share(row.recall_before)}</td><td class="figure">${share(row.recall_after)}</td></tr>`)}</tbody></table></div></section>`;
}

/** @param {{pairs: [string, string, number][]}} props */
function Confusion({ pairs }) {
  if (!pairs.length) return null;
  return html`<section><h3>${t("model.confusion")}</h3><ul class="tags">${pairs.map(([right, said, count]) => html`<li class="tag">${t("model.taken_for", { right: label(right), said: label(said) })} <span class="figures">${number(count)}</span></li>`)}</ul></section>`;
}

const SIDE = 120;

/** How often answers of about the same confidence are right; on the diagonal it says the truth. @param {{points: any[]}} props */
function Calibration({ points }) {
  if (!points.length) return null;
  const line = points.map((each) => `${each.confidence * SIDE},${SIDE - each.accuracy * SIDE}`).join(" ");
  return html`<section><h3>${t("model.calibration")}</h3>
    <svg class="curve" viewBox="0 0 ${SIDE} ${SIDE}" width=${SIDE} height=${SIDE} aria-hidden="true"><line x1="0" y1=${SIDE} x2=${SIDE} y2="0" /><polyline points=${line} /></svg>
    <table class="list-table"><thead><tr><th scope="col">${t("model.col.sure")}</th><th scope="col">${t("model.col.right")}</th><th scope="col">${t("model.col.texts")}</th></tr></thead>
      <tbody>${points.map((each) => html`<tr><td class="figure">${percent(each.confidence)}</td><td class="figure">${percent(each.accuracy)}</td><td class="figure">${number(each.n)}</td></tr>`)}</tbody></table></section>`;
}
