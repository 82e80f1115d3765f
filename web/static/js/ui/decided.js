// @ts-check
/** The words that decided: what each word of the text gave its label over the second one. */
import { useState } from "preact/hooks";
import { html } from "../html.js";
import { t, word } from "../i18n.js";
import { NotYet, useAsked } from "./asked.js";

/** @typedef {{label: string, over: string, exact: boolean, words: {word: string, points: number}[]}} Decision */

/** @param {{decided: Decision}} props */
export function Decided({ decided }) {
  const label = word("label", decided.label);
  return html`<div class="decided">
    <p>${t("decided.over", { label, other: word("label", decided.over) })}</p>
    <ul class="tags">${decided.words.map((one) => html`<li class="tag ${one.points > 0 ? "strong" : ""}">
      <span class="sr-only">${t(one.points > 0 ? "decided.for" : "decided.against")} </span>
      <span aria-hidden="true">${one.points > 0 ? "+" : "−"}</span>${one.word}</li>`)}</ul>
    ${!decided.exact && html`<p class="hint">${t("decided.roughly")}</p>`}
  </div>`;
}

/** The same, asked for when somebody wants to know. @param {{id: string}} props */
export function AskDecided({ id }) {
  const [open, setOpen] = useState(false);
  const asked = useAsked(open ? `/interactions/${encodeURIComponent(id)}/explain` : null);
  return html`<details class="why-label" onToggle=${(/** @type {any} */ event) => setOpen(event.target.open)}>
    <summary>${t("decided.title")}</summary>
    ${open && !asked.found && html`<${NotYet} asked=${asked} />`}
    ${asked.found && (asked.found.decided ? html`<${Decided} decided=${asked.found.decided} />` : html`<p class="hint">${t("decided.none")}</p>`)}
  </details>`;
}
