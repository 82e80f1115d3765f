// @ts-check
/** What is said to screen readers and not shown. */
import { signal } from "@preact/signals";
import { html } from "../html.js";

const polite = signal("");
const assertive = signal("");

/** @param {string} text @param {boolean} [urgent] */
export function say(text, urgent = false) {
  const region = urgent ? assertive : polite;
  // The same words again count as a change only if something differs: a no-break space isn't heard.
  region.value = region.value === text ? `${text}\u00a0` : text;
}

export function Spoken() {
  return html`<div class="sr-only">
    <div role="status" aria-live="polite">${polite.value}</div>
    <div role="alert" aria-live="assertive">${assertive.value}</div>
  </div>`;
}
