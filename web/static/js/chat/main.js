// @ts-check
/** Starts the customer's chat page. */
import { render } from "preact";
import { html } from "../html.js";
import { loadCatalogue, t } from "../i18n.js";
import { Failure } from "../ui/failure.js";
import { Chat } from "./chat.js";

const root = /** @type {HTMLElement} */ (document.getElementById("app"));

loadCatalogue()
  .then(() => render(html`<${Chat} />`, root))
  .catch((error) => render(html`<${Failure} title=${t("error.title")} text=${error.message} />`, root));
