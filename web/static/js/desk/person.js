// @ts-check
/** What the customer is known by, and who may be the same person: to merge, to part, to take back. */
import { useEffect, useState } from "preact/hooks";
import { get, post } from "../api.js";
import { html } from "../html.js";
import { percent, t, word } from "../i18n.js";
import { Icon } from "../ui/icon.js";
import { toast } from "../ui/toast.js";
import { run, running } from "./actions.js";
import { held } from "./state.js";

/**
 * @typedef {{kind: string, bits: number, strength: string, reason: string, text: string}} Evidence
 * @typedef {{kind: string, value: string, verified: boolean, customer: string}} KnownBy
 * @typedef {{customer: string, into: string, state: string, name: string, known_by: KnownBy[], by: string, probability: number,
 *   strength: string, evidence: Evidence[]}} Merge
 * @typedef {{id: string, known_by: KnownBy[], merged: Merge[], suggestions: Merge[], evidence: Evidence[]}} Person
 */

/** @param {string} id */
const of = (id) => `/customers/${encodeURIComponent(id)}`;

/** @param {{customer: string, interaction: string, asked: import("./types.js").Asked | null}} props */
export function Person({ customer, interaction, asked }) {
  const [one, setOne] = useState(/** @type {Person | null} */ (null));
  const [error, setError] = useState("");
  const answered = asked?.result ?? "";
  useEffect(() => {
    get(of(customer)).then(setOne).catch((failure) => setError(failure.message));
  }, [customer, answered]);

  /** @param {string} path @param {Record<string, string>} body @param {string} done */
  const act = async (path, body, done) => {
    const worked = await run(`person:${customer}`, () => post(path, body));
    if (!worked) return;
    toast(done);
    // No event tells of it: nothing is decided by who is whom. The head of the conversation shows the person, though.
    try {
      const found = await get(`/interactions/${encodeURIComponent(interaction)}`);
      if (found.customer.id === customer) setOne(await get(of(customer)));
      if (held.value[interaction]) held.value = { ...held.value, [interaction]: found };
    } catch (failure) {
      setError(/** @type {Error} */ (failure).message);
    }
  };
  const rests = Boolean(running.value[`person:${customer}`]);
  if (error) return html`<p class="hint" role="alert">${error}</p>`;
  if (!one) return null;
  return html`${one.suggestions.map((each) => html`<${Suggestion} key=${each.customer} each=${each} rests=${rests}
      onMerge=${() => act(`${of(each.into === customer ? each.customer : customer)}/merge`, { into: each.into }, t("person.merged_now"))}
      onPart=${() => act(`${of(customer)}/unmerge`, { from: each.customer }, t("person.parted_now"))} />`)}
    <section><h3>${t("person.known_by")}</h3>
      ${asked && html`<p class="hint">${t(`person.asked.${asked.result || "open"}`, { what: word("question", asked.question) })}</p>`}
      ${one.evidence.length === 0 && html`<p class="hint">${t("person.nothing")}</p>`}
      <${Reasons} evidence=${one.evidence} />
      ${one.merged.map((each) => html`<div class="merged" key=${each.customer}>
        <p>${t(each.by === "automatic" ? "person.merged_automatically" : "person.merged", { who: whoOf(each) })}</p>
        <${Reasons} evidence=${each.evidence} />
        <button type="button" class="button quiet" disabled=${rests}
          onClick=${() => act(`${of(each.customer)}/unmerge`, {}, t("person.parted_now"))}>${t("person.undo")}</button>
      </div>`)}
    </section>`;
}

/** @param {{each: Merge, rests: boolean, onMerge: () => void, onPart: () => void}} props */
function Suggestion({ each, rests, onMerge, onPart }) {
  return html`<section class="suggestion" aria-label=${t("person.suggestion")}>
    <h3><${Icon} name="info" class="small" /> ${t("person.suggestion")}</h3>
    <p><b>${whoOf(each)}</b> <span class="tag">${t(`strength.${each.strength}`)} <span class="figures">${percent(each.probability)}</span></span></p>
    <${Reasons} evidence=${each.evidence} />
    <p class="suggestion-actions">
      <button type="button" class="button" disabled=${rests} onClick=${onMerge}>${t("person.merge")}</button>
      <button type="button" class="button quiet" disabled=${rests} onClick=${onPart}>${t("person.not_the_same")}</button>
    </p>
  </section>`;
}

/** @param {{evidence: Evidence[]}} props */
function Reasons({ evidence }) {
  if (evidence.length === 0) return null;
  return html`<ul class="reasons">${evidence.map((each) => html`<li key=${each.reason + each.text} class=${each.bits > 0 ? "" : "against"}>
    <span class="sr-only">${t(each.bits > 0 ? "person.for" : "person.against")}: </span>${each.text}</li>`)}</ul>`;
}

/** Whom a merge is about, in words. @param {Merge} each */
function whoOf(each) {
  const known = each.known_by.find((identity) => identity.kind !== "visitor");
  return [each.name, known?.value].filter(Boolean).join(", ") || t("customer.unknown");
}
