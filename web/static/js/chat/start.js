// @ts-check
import { html } from "../html.js";
import { t } from "../i18n.js";
import { unlock } from "../sound.js";
import { agreed, identity, remember } from "./state.js";

/** Two fields, both optional, and what becomes of them. */
export function Start() {
  const go = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const form = new FormData(/** @type {HTMLFormElement} */ (event.target));
    const said = Object.fromEntries([...form].map(([name, value]) => [name, String(value).trim()]).filter(([, value]) => value));
    identity.value = Object.keys(said).length ? said : null;
    agreed.value = true;
    remember();
    unlock();
  };
  return html`<main class="chat-start"><form onSubmit=${go}>
    <h2>${t("chat.start.title")}</h2>
    <p>${t("chat.start.text")}</p>
    <label class="field"><span>${t("chat.start.name")} <span class="hint">${t("ui.optional")}</span></span>
      <input name="name" autocomplete="name" maxlength="200" /></label>
    <label class="field"><span>${t("chat.start.email")} <span class="hint">${t("ui.optional")}</span></span>
      <input name="email" type="email" autocomplete="email" maxlength="254" aria-describedby="why-email" />
      <span class="hint" id="why-email">${t("chat.start.email.why")}</span></label>
    <p class="consent">${t("chat.consent")}</p>
    <button type="submit" class="button primary large">${t("chat.start.go")}</button>
  </form></main>`;
}
