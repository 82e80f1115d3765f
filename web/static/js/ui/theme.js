// @ts-check
/** Light, dark or as the system says; and the page's language. Both without inline script, both kept. */
import { signal } from "@preact/signals";
import { html } from "../html.js";
import { language, languages, ownName, t } from "../i18n.js";
import { kept } from "../stored.js";

const theme = signal(/** @type {string} */ (kept.get("theme", "auto")));

export function applyTheme() {
  if (theme.value === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme.value;
}

/** @param {string} value */
function choose(value) {
  theme.value = value;
  kept.set("theme", value);
  applyTheme();
}

export function ThemeChoice() {
  return html`<label class="field row">
    <span>${t("ui.theme")}</span>
    <select value=${theme.value} onChange=${(/** @type {any} */ event) => choose(event.target.value)}>
      ${["auto", "light", "dark"].map((one) => html`<option value=${one}>${t(`ui.theme.${one}`)}</option>`)}
    </select>
  </label>`;
}

export function LanguageChoice() {
  return html`<label class="field row"><span>${t("ui.language")}</span><${LanguageSelect} /></label>`;
}

export function LanguageSelect() {
  return html`<select value=${language} onChange=${(/** @type {any} */ event) => changeLanguage(event.target.value)}>
    ${languages.map((code) => html`<option value=${code} lang=${code}>${ownName(code)}</option>`)}
  </select>`;
}

/** The server renders the shell, so the page is asked for again. @param {string} code */
function changeLanguage(code) {
  document.cookie = `lang=${code}; path=/; max-age=31536000; samesite=lax`;
  const address = new URL(location.href);
  address.searchParams.set("lang", code);
  location.assign(address);
}

applyTheme();
