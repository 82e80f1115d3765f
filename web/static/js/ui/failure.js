// @ts-check
import { html } from "../html.js";
import { t } from "../i18n.js";
import { Icon } from "./icon.js";

/** A page that cannot start says why and what to do. @param {{title: string, text: string}} props */
export function Failure({ title, text }) {
  return html`<main class="failure" role="alert">
    <${Icon} name="warn" class="big" />
    <h1>${title}</h1>
    <p>${text}</p>
    <button type="button" class="button primary" onClick=${() => location.reload()}>${t("ui.try_again")}</button>
  </main>`;
}
