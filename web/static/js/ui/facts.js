// @ts-check
import { html } from "../html.js";
import { exactTime, word } from "../i18n.js";

/** One fact of a `dl.facts`; null if there is none to show. @param {string} label @param {any} value @param {string} [kind] a class */
export const fact = (label, value, kind) => (value ? html`<div><dt>${label}</dt><dd class=${kind}>${value}</dd></div>` : null);

/** Any value of the API, readably: objects as pairs, lists as lists. @param {{value: any, name?: string}} props */
export function Facts({ value, name = "" }) {
  if (value === null || value === undefined || value === "") return html`<span class="hint">–</span>`;
  if (Array.isArray(value)) {
    if (!value.length) return html`<span class="hint">–</span>`;
    return html`<ul class="facts-list">${value.map((one) => html`<li><${Facts} value=${one} /></li>`)}</ul>`;
  }
  if (typeof value === "object") {
    return html`<dl class="facts">${Object.entries(value).map(([key, one]) => html`<div key=${key}><dt>${word("field", key)}</dt><dd><${Facts} value=${one} name=${key} /></dd></div>`)}</dl>`;
  }
  // Events and explanations keep instants as milliseconds under names that end in _at or _until.
  if (typeof value === "number" && /_(at|until|since)$/.test(name)) return html`${exactTime(value)}`;
  return html`${String(value)}`;
}
