// @ts-check
import { signal } from "@preact/signals";
import { html } from "../html.js";
import { t } from "../i18n.js";
import { Icon } from "./icon.js";

/** @type {import("@preact/signals").Signal<{id: number, kind: "info" | "error", text: string}[]>} */
const shown = signal([]);
let count = 0;

/** @param {string} text @param {"info" | "error"} [kind] */
export function toast(text, kind = "info") {
  const id = ++count;
  shown.value = [...shown.value.filter((one) => one.text !== text), { id, kind, text }].slice(-3);
  // Errors stay until they are read: a time limit on bad news helps nobody.
  if (kind === "info") setTimeout(() => dismiss(id), 6000);
}

/** Tell what went wrong with a call. @param {any} error */
export const toastError = (error) => toast(error?.message ?? String(error), "error");

/** @param {number} id */
function dismiss(id) {
  shown.value = shown.value.filter((one) => one.id !== id);
}

/** The two live regions stand in the page from the start: a region that appears with its text is often not read. */
export function Toasts() {
  const part = (/** @type {"info" | "error"} */ kind) =>
    shown.value.filter((one) => one.kind === kind).map(
      (one) => html`<div class="toast ${kind}" key=${one.id}>
        <${Icon} name=${kind === "error" ? "warn" : "info"} /><span>${one.text}</span>
        <button type="button" class="button quiet square" aria-label=${t("ui.dismiss")} onClick=${() => dismiss(one.id)}>
          <${Icon} name="close" />
        </button>
      </div>`,
    );
  return html`<div class="toasts">
    <div role="status">${part("info")}</div>
    <div role="alert">${part("error")}</div>
  </div>`;
}
