// @ts-check
/** The knowledge base: its articles are written here, tried out, and shown for what they are worth. */
import { useEffect, useState } from "preact/hooks";
import { call, get, post } from "../api.js";
import { html } from "../html.js";
import { languageName, languages, number, percent, t, word } from "../i18n.js";
import { Dialog } from "../ui/dialog.js";
import { Icon } from "../ui/icon.js";
import { toast } from "../ui/toast.js";
import { ArticleImport } from "./article_import.js";
import { knowledge } from "./state.js";

/**
 * @typedef {{title: string, answer: string, questions: string[]}} Text
 * @typedef {{id: string, label: string, languages: Record<string, Text>, valid_from: string | null,
 *   valid_until: string | null, state: string, origin: string, files: any[]}} Article
 */
const EMPTY = /** @type {Article} */ ({ id: "", label: "", languages: {}, valid_from: null, valid_until: null, state: "valid", origin: "staff", files: [] });
const NO_TEXT = { title: "", answer: "", questions: [] };

export function KnowledgeDialog() {
  const open = knowledge.value;
  if (!open) return null;
  const back = () => void (knowledge.value = {});
  if (open.importing) return html`<${Dialog} title=${t("knowledge.import")} wide onClose=${back}><${ArticleImport} back=${back} /><//>`;
  if (open.article) return html`<${Dialog} title=${open.article.id || t("knowledge.new")} wide onClose=${back}><${Editor} article=${open.article} back=${back} /><//>`;
  return html`<${Dialog} title=${t("knowledge.title")} wide onClose=${() => void (knowledge.value = null)}><${Overview} /><//>`;
}

function Overview() {
  const [items, setItems] = useState(/** @type {Article[] | null} */ (null));
  const [asked, setAsked] = useState("");
  const [failure, setFailure] = useState("");
  useEffect(() => {
    get(`/articles?limit=200${asked ? `&q=${encodeURIComponent(asked)}` : ""}`)
      .then((page) => setItems(page.items)).catch((error) => setFailure(error.message));
  }, [asked]);
  if (failure) return html`<p role="alert">${failure}</p>`;
  return html`<div class="knowledge">
    <div class="sendings-filter"><label class="field row"><span>${t("knowledge.find")}</span>
      <input type="search" value=${asked} onInput=${(/** @type {any} */ event) => setAsked(event.target.value)} /></label>
      <button type="button" class="button primary" onClick=${() => void (knowledge.value = { article: EMPTY })}>${t("knowledge.new")}</button>
      <button type="button" class="button" onClick=${() => void (knowledge.value = { importing: true })}>${t("knowledge.import")}</button></div>
    ${items === null && html`<p class="hint">${t("ui.loading")}</p>`}
    ${items?.length === 0 && html`<p class="hint">${t("knowledge.none")}</p>`}
    ${items && items.length > 0 && html`<div class="scroller"><table class="list-table articles">
      <thead><tr>${["article", "label", "languages", "state"].map((each) => html`<th scope="col">${t(`knowledge.col.${each}`)}</th>`)}</tr></thead>
      <tbody>${items.map((each) => html`<tr key=${each.id}>
        <th scope="row" class="text"><button type="button" class="row-link" onClick=${() => void (knowledge.value = { article: each })}>${titleOf(each)}</button>
          <span class="hint">${each.id}</span></th>
        <td>${word("label", each.label)}</td><td>${Object.keys(each.languages).join(", ")}</td><td>${t(`knowledge.state.${each.state}`)}</td></tr>`)}</tbody></table></div>`}
    <${Trial} /><${Worth} /></div>`;
}

/** @param {Article} one */
const titleOf = (one) => (one.languages[document.documentElement.lang] ?? Object.values(one.languages)[0])?.title ?? one.id;

/** @param {string | null} instant */
const local = (instant) => {
  if (!instant) return "";
  const at = new Date(instant);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
};
/** @param {string} text */
const instantOf = (text) => (text ? new Date(text).toISOString() : null);

/** @param {{article: Article, back: () => void}} props */
function Editor({ article, back }) {
  const fresh = !article.id;
  const known = [...new Set([...languages, ...Object.keys(article.languages)])];
  const [id, setId] = useState(article.id);
  const [label, setLabel] = useState(article.label);
  const [from, setFrom] = useState(local(article.valid_from));
  const [until, setUntil] = useState(local(article.valid_until));
  const [language, setLanguage] = useState(Object.keys(article.languages)[0] ?? document.documentElement.lang);
  const [texts, setTexts] = useState(/** @type {Record<string, Text>} */ (article.languages));
  const [failure, setFailure] = useState("");
  const [busy, setBusy] = useState(false);
  const text = texts[language] ?? NO_TEXT;
  const change = (/** @type {Partial<Text>} */ part) => setTexts({ ...texts, [language]: { ...text, ...part } });
  const act = async (/** @type {() => Promise<any>} */ work, /** @type {string} */ said) => {
    setBusy(true);
    try {
      await work();
      toast(t(said));
      back();
    } catch (error) {
      setFailure(/** @type {Error} */ (error).message);
      setBusy(false);
    }
  };
  const save = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!(/** @type {HTMLFormElement} */ (event.target).reportValidity())) return;
    const filled = Object.entries(texts).filter(([, one]) => one.title.trim() || one.answer.trim());
    const said = Object.fromEntries(filled.map(([name, one]) => [name, { ...one, questions: one.questions.map((each) => each.trim()).filter(Boolean) }]));
    const gone = Object.keys(article.languages).filter((name) => !(name in said)).map((name) => [name, null]);
    const body = { label, valid_from: instantOf(from), valid_until: instantOf(until) };
    void act(() => (fresh
      ? post("/articles", { ...body, ...(id && { id }), languages: said })
      : call("PATCH", `/articles/${encodeURIComponent(article.id)}`, { ...body, languages: { ...said, ...Object.fromEntries(gone) } })), "knowledge.saved");
  };
  const input = (/** @type {string} */ name, /** @type {string} */ value, /** @type {(value: string) => void} */ set, /** @type {any} */ more = {}) =>
    html`<label class="field"><span>${t(`knowledge.${name}`)}</span>
      <input value=${value} onInput=${(/** @type {any} */ event) => set(event.target.value)} ...${{ type: "text", ...more }} /></label>`;
  const area = (/** @type {string} */ name, /** @type {string} */ value, /** @type {(value: string) => void} */ set, /** @type {number} */ rows) =>
    html`<label class="field"><span>${t(`knowledge.${name}`)}</span>
      <textarea rows=${rows} lang=${language} value=${value} onInput=${(/** @type {any} */ event) => set(event.target.value)}></textarea></label>`;
  return html`<form class="knowledge-form" onSubmit=${save}>
    <button type="button" class="button quiet" onClick=${back}><${Icon} name="left" />${t("knowledge.title")}</button>
    ${fresh && input("id", id, setId, { pattern: "[a-z0-9][a-z0-9\\-]*", maxlength: 100 })}
    ${input("label", label, setLabel, { required: true, maxlength: 200 })}
    <div class="sendings-filter">${input("from", from, setFrom, { type: "datetime-local" })}${input("until", until, setUntil, { type: "datetime-local" })}</div>
    <label class="field"><span>${t("knowledge.language")}</span><select value=${language} onChange=${(/** @type {any} */ event) => setLanguage(event.target.value)}>
      ${known.map((each) => html`<option value=${each}>${languageName(each)}${texts[each]?.title ? " ✓" : ""}</option>`)}</select></label>
    ${input("text_title", text.title, (title) => change({ title }), { maxlength: 200, lang: language })}
    ${area("questions", text.questions.join("\n"), (all) => change({ questions: all.split("\n") }), 5)}
    ${area("answer", text.answer, (answer) => change({ answer }), 6)}
    ${failure && html`<p class="field-error" role="alert">${failure}</p>`}
    <div class="detail-actions"><button type="submit" class="button primary" disabled=${busy}>${t("knowledge.save")}</button>
      ${!fresh && html`<button type="button" class="button ending" disabled=${busy}
        onClick=${() => act(() => call("DELETE", `/articles/${encodeURIComponent(article.id)}`), "knowledge.removed")}>${t("knowledge.remove")}</button>`}</div></form>`;
}

/** What would be answered, and why or why not. */
function Trial() {
  const [text, setText] = useState("");
  const [said, setSaid] = useState("");
  const ask = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (text.trim()) post("/autoresponses/preview", { text }).then((answer) => setSaid(answer.text)).catch((error) => setSaid(error.message));
  };
  return html`<section><h3>${t("knowledge.try")}</h3><form class="knowledge-try" onSubmit=${ask}>
    <label class="field"><span>${t("knowledge.question")}</span><input type="text" value=${text} maxlength="2000"
      onInput=${(/** @type {any} */ event) => setText(event.target.value)} /></label>
    <button type="submit" class="button">${t("knowledge.ask")}</button></form>
    <p class="knowledge-said" role="status">${said}</p></section>`;
}

/** What automatic answers of the last four weeks were worth: silence is no success. */
function Worth() {
  const [items, setItems] = useState(/** @type {any[] | null} */ (null));
  useEffect(() => void get("/reports/autoresponses").then((report) => setItems(report.items.slice(report.items.length === 2 ? 1 : 0))).catch(() => setItems([])), []);
  const share = (/** @type {any} */ one) => (one ? `${percent(one.value)} (${percent(one.low)}–${percent(one.high)})` : "–");
  if (!items?.length || !items.some((each) => each.answered || each.held_out || each.asked_which)) return html`<section><h3>${t("knowledge.worth")}</h3><p class="hint">${t("knowledge.worth.none")}</p></section>`;
  return html`<section><h3>${t("knowledge.worth")}</h3><p class="hint">${t("knowledge.worth.hint")}</p>
    <div class="scroller" tabindex="0" role="region" aria-label=${t("knowledge.worth")}><table class="list-table worth"><thead><tr>${["rule", "answered", "confirmed", "silent", "recontacted", "escalated", "open", "needed", "held_out", "effect", "asked_which"].map((each) => html`<th scope="col">${t(`knowledge.worth.${each}`)}</th>`)}</tr></thead>
    <tbody>${items.map((each) => html`<tr key=${each.autoresponse}>
      <th scope="row">${each.autoresponse ?? t("knowledge.worth.all")}</th><td class="figure">${number(each.answered)}</td>
      ${["confirmed", "silent", "recontacted", "escalated", "open"].map((name) => html`<td class="figure">${number(each.results[name])}</td>`)}
      <td class="figure">${share(each.needed_person)}</td><td class="figure">${number(each.held_out)} · ${share(each.held_out_recontacted)}</td>
      <td class="figure">${share(each.effect)}</td>
      <td class="figure">${each.asked_which ? t("knowledge.worth.choices", { asked: number(each.asked_which), chosen: number(each.choices.chosen), person: number(each.choices.person) }) : number(0)}</td></tr>`)}</tbody></table></div></section>`;
}
