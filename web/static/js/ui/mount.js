// @ts-check
import { render } from "preact";

const root = /** @type {HTMLElement} */ (document.getElementById("app"));

/** Put the page's component in the place of what the server rendered. @param {any} view */
export function mount(view) {
  root.replaceChildren();
  render(view, root);
}
