// @ts-check
/** Saying what an interaction is about: the model's own ideas first, the rest by the letters that are typed. */
import { useEffect, useId, useState } from "preact/hooks";
import { call, get, post } from "../api.js";
import { html } from "../html.js";
import { percent, t, word } from "../i18n.js";
import { Dialog } from "../ui/dialog.js";
import { toast, toastError } from "../ui/toast.js";
import { run, running } from "./actions.js";
import { nameOf } from "./names.js";
import { held } from "./state.js";

const SHOWN_MAX = 12;

/** Letters without their marks, so that "zaza" finds "zażalenie". @param {string} text */
const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLocaleLowerCase().replaceAll("_", " ");

/**
 * The labels to choose from: what the model said first, with how sure it was, then all others by name.
 * @param {[string, number][]} said @param {string[]} all
 * @returns {{name: string, share: number | null}[]}
 */
export function choices(said, all) {
  const first = said.filter(([name]) => name !== "unknown").map(([name, share]) => ({ name, share }));
  const known = new Set(first.map((each) => each.name));
  const rest = all.filter((name) => !known.has(name)).map((name) => ({ name, share: null }));
  return [...first, ...rest];
}

/** @param {{id: string, onClose: () => void}} props */
export function LabelDialog({ id, onClose }) {
  const one = held.value[id];
  const [all, setAll] = useState(/** @type {string[]} */ ([]));
  useEffect(() => void get("/understanding/labels").then((found) => setAll(found.items)).catch(toastError), []);
  if (!one) return null;
  const path = `/interactions/${encodeURIComponent(id)}/label`;
  const say = async (/** @type {string} */ label) => {
    const done = await run(`label:${id}`, () => post(path, { label }));
    if (!done) return;
    onClose();
    toast(t("topic.said", { label: word("label", label) }));
  };
  const takeBack = async () => {
    if (await run(`label:${id}`, () => call("DELETE", path))) onClose();
  };
  const said = one.labelled_by ? one.labels_before ?? [] : one.labels ?? [];
  return html`<${Dialog} title=${t("topic.title", { name: nameOf(one) })} onClose=${onClose}>
    <${LabelPicker} options=${choices(said, all)} current=${one.labels?.[0]?.[0] ?? ""} pick=${say} disabled=${running.value[`label:${id}`]} />
    <footer class="dialog-foot">
      ${one.labelled_by && html`<button type="button" class="button" onClick=${takeBack}>${t("topic.take_back")}</button>`}
      <button type="button" class="button" onClick=${onClose}>${t("ui.cancel")}</button>
    </footer>
  <//>`;
}

/**
 * A field with a list below it: letters narrow it, arrows walk through it, Enter takes what is marked.
 * @param {{options: {name: string, share: number | null}[], current: string, pick: (label: string) => void, disabled?: boolean}} props
 */
export function LabelPicker({ options, current, pick, disabled = false }) {
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const list = useId();
  const wanted = plain(typed.trim());
  const shown = options.filter(({ name }) => plain(word("label", name)).includes(wanted) || plain(name).includes(wanted)).slice(0, SHOWN_MAX);
  const marked = Math.min(at, shown.length - 1);
  const onKey = (/** @type {KeyboardEvent} */ event) => {
    if (event.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.code];
    if (step && shown.length) {
      event.preventDefault();
      setAt((marked + step + shown.length) % shown.length);
    } else if (event.code === "Enter" || event.code === "NumpadEnter") {
      event.preventDefault();
      if (shown[marked] && !disabled) pick(shown[marked].name);
    }
  };
  return html`<label class="field"><span>${t("topic.which")}</span>
      <input type="text" role="combobox" autofocus autocomplete="off" spellcheck=${false} aria-expanded="true" aria-autocomplete="list"
        aria-controls=${list} aria-activedescendant=${shown[marked] ? `${list}-${marked}` : undefined} value=${typed}
        onInput=${(/** @type {any} */ event) => { setTyped(event.target.value); setAt(0); }} onKeyDown=${onKey} />
      <span class="hint">${t("topic.hint")}</span></label>
    <ul id=${list} class="label-list" role="listbox" aria-label=${t("topic.which")}>
      ${shown.map(({ name, share }, place) => html`<li key=${name} id=${`${list}-${place}`} role="option" aria-selected=${place === marked}
        class=${place === marked ? "marked" : ""} onPointerEnter=${() => setAt(place)} onClick=${() => !disabled && pick(name)}>
        <span>${word("label", name)}${name === current && html` <span class="tag">${t("topic.current")}</span>`}</span>
        ${share !== null && html`<span class="figures">${percent(share)}</span>`}</li>`)}
    </ul>
    ${shown.length === 0 && html`<p class="hint" role="status">${t("topic.none")}</p>`}`;
}
