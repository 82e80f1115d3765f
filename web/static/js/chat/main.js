// @ts-check
/** Starts the customer's chat page. */
import { html } from "../html.js";
import { loadCatalogue, t } from "../i18n.js";
import { Failure } from "../ui/failure.js";
import { mount } from "../ui/mount.js";
import { Chat } from "./chat.js";

loadCatalogue()
  .then(() => mount(html`<${Chat} />`))
  .catch((error) => mount(html`<${Failure} title=${t("error.title")} text=${error.message} />`));
