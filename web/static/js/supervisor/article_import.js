// @ts-check
/** Articles from a file: what would change, and each fault with its line, is shown before anything is written. */
import { useState } from "preact/hooks";
import { upload } from "../api.js";
import { html } from "../html.js";
import { languageName, languages, number, t, word } from "../i18n.js";
import { Icon } from "../ui/icon.js";
import { toast } from "../ui/toast.js";

/**
 * @typedef {{line: number, id: string, language: string, label: string, title: string, questions: number, change: string,
 *   fields: string[]}} Imported
 * @typedef {{articles: Imported[], kept_back: number, faults: {line: number, code: string, value: string}[]}} Preview
 */

/** @param {{back: () => void}} props */
export function ArticleImport({ back }) {
  const [file, setFile] = useState(/** @type {File | null} */ (null));
  const [language, setLanguage] = useState("");
  const [found, setFound] = useState(/** @type {Preview | null} */ (null));
  const [failure, setFailure] = useState("");
  const [busy, setBusy] = useState(false);
  const send = async (/** @type {File} */ chosen, /** @type {string} */ spoken, /** @type {boolean} */ write) => {
    setBusy(true);
    setFailure("");
    const query = new URLSearchParams({ filename: chosen.name, write: String(write), ...(spoken && { language: spoken }) });
    try {
      const told = await upload(`/articles/import?${query}`, chosen);
      if (write) {
        toast(t("knowledge.import.written"));
        back();
        return;
      }
      setFound(told);
    } catch (error) {
      setFound(null);
      setFailure(/** @type {Error} */ (error).message);
    }
    setBusy(false);
  };
  const look = (/** @type {File | null} */ chosen, /** @type {string} */ spoken) => {
    setFile(chosen);
    setLanguage(spoken);
    if (chosen) void send(chosen, spoken, false);
    else setFound(null);
  };
  const changes = found !== null && (found.kept_back > 0 || found.articles.some((each) => each.change !== "same"));
  return html`<div class="knowledge-form">
    <button type="button" class="button quiet" onClick=${back}><${Icon} name="left" />${t("knowledge.title")}</button>
    <p class="hint">${t("knowledge.import.hint")}</p>
    <label class="field"><span>${t("knowledge.import.file")}</span><input type="file" accept=".toml,.csv,.md,.markdown" disabled=${busy}
      onChange=${(/** @type {any} */ event) => look(event.target.files[0] ?? null, language)} /></label>
    <label class="field"><span>${t("knowledge.import.language")}</span><select value=${language} disabled=${busy}
      onChange=${(/** @type {any} */ event) => look(file, event.target.value)}>
      <option value="">${t("knowledge.import.by_name")}</option>
      ${languages.map((each) => html`<option value=${each}>${languageName(each)}</option>`)}</select></label>
    ${failure && html`<p class="field-error" role="alert">${failure}</p>`}
    <div role="status">${found && html`<${Faults} faults=${found.faults} /><${Changes} articles=${found.articles} />`}</div>
    <div class="detail-actions"><button type="button" class="button primary"
      disabled=${busy || !file || !found || found.faults.length > 0 || !changes}
      onClick=${() => file && void send(file, language, true)}>${t("knowledge.import.write")}</button></div></div>`;
}

/** @param {{faults: Preview["faults"]}} props */
function Faults({ faults }) {
  if (!faults.length) return null;
  return html`<p class="field-error">${t("knowledge.import.faulty")}</p>
    <ul>${faults.map((each) => html`<li><strong>${t("knowledge.import.line", { line: String(each.line) })}</strong>${" "}
      ${t(`knowledge.import.fault.${each.code}`, { value: each.value })}</li>`)}</ul>`;
}

/** @param {{articles: Imported[]}} props */
function Changes({ articles }) {
  if (!articles.length) return null;
  const columns = ["import.col.line", "col.article", "col.languages", "col.label", "import.col.questions", "import.col.change"];
  return html`<div class="scroller" tabindex="0" role="region" aria-label=${t("knowledge.import")}><table class="list-table">
    <thead><tr>${columns.map((each) => html`<th scope="col">${t(`knowledge.${each}`)}</th>`)}</tr></thead>
    <tbody>${articles.map((each) => html`<tr key=${`${each.id} ${each.language}`}><td class="figure">${number(each.line)}</td>
      <th scope="row" class="text" lang=${each.language}>${each.title} <span class="hint">${each.id}</span></th>
      <td>${languageName(each.language)}</td><td>${word("label", each.label)}</td><td class="figure">${number(each.questions)}</td>
      <td>${t(`knowledge.import.change.${each.change}`)}${each.fields.length > 0 && html` <span class="hint">${each.fields.map((field) => t(`knowledge.import.field.${field}`)).join(", ")}</span>`}</td></tr>`)}</tbody></table></div>`;
}
