// @ts-check
import { html } from "../html.js";

const SPRITE = new URL("../../icons.svg", import.meta.url).pathname;

/** A picture that repeats what a word says; hidden from screen readers. @param {{name: string, class?: string}} props */
export function Icon({ name, class: extra = "" }) {
  return html`<svg class="icon ${extra}" aria-hidden="true" focusable="false"><use href="${SPRITE}#${name}" /></svg>`;
}

const MEDIA = new Set(["chat", "email", "callback", "voice", "video"]);

/** @param {{medium: string}} props */
export function MediumIcon({ medium }) {
  return html`<${Icon} name=${MEDIA.has(medium) ? medium : "work"} class="medium medium-${medium}" />`;
}
