// @ts-check
/** After-contact work: a disposition, a note, done; the timer writes its own code and never blocks. */
import { useEffect, useRef, useState } from "preact/hooks";
import { html } from "../html.js";
import { now, second } from "../clock.js";
import { ms, span, t, word } from "../i18n.js";
import { Icon } from "../ui/icon.js";
import { extendWrapUp, running, wrapUp } from "./actions.js";
import { draft, keepDraft } from "./drafts.js";
import { focusWish } from "./state.js";

/** @param {any} one a code, or a code with its label */
const codeOf = (one) => (typeof one === "string" ? one : one.code ?? one.name);
/** @param {any} one */
const labelOf = (one) => (typeof one === "string" ? word("disposition", one) : one.label ?? word("disposition", codeOf(one)));

/** @param {{one: import("./types.js").Interaction}} props */
export function WrapUp({ one }) {
  const [code, setCode] = useState(one.disposition ?? "");
  const first = useRef(/** @type {HTMLSelectElement | null} */ (null));
  const forced = one.wrap_up_mode === "timed_forced";
  const note = draft(one.id, "note");
  useEffect(() => { if (focusWish.id === one.id && [document.body, document.getElementById("work")].includes(/** @type {HTMLElement} */ (document.activeElement))) first.current?.focus(); }, []);
  const done = async () => {
    if (await wrapUp(one.id, code || null, note.trim())) keepDraft(one.id, "note", "");
  };
  const onKey = (/** @type {KeyboardEvent} */ event) => {
    if (event.code !== "Enter" || !(event.ctrlKey || event.metaKey) || event.altKey) return;
    event.preventDefault();
    done();
  };
  return html`<form class="wrap-up" onKeyDown=${onKey} onSubmit=${(/** @type {Event} */ event) => { event.preventDefault(); done(); }}>
    <div class="wrap-head"><h3>${t("desk.wrap_up")}</h3><${WrapTimer} one=${one} /></div>
    ${one.dispositions?.length > 0 && html`<label class="field"><span>${t("desk.wrap_up.disposition")}</span>
      <select ref=${first} data-focus value=${code} onChange=${(/** @type {any} */ event) => setCode(event.target.value)}>
        <option value="">${t("desk.wrap_up.choose")}</option>
        ${one.dispositions.map((each) => html`<option value=${codeOf(each)}>${labelOf(each)}</option>`)}
      </select></label>`}
    <label class="field"><span>${t("desk.wrap_up.note")}</span>
      <textarea rows="2" value=${note} onInput=${(/** @type {any} */ event) => keepDraft(one.id, "note", event.target.value)}></textarea></label>
    <div class="wrap-buttons">
      ${forced && html`<span class="hint">${t("desk.wrap_up.forced")}</span>`}
      <span class="hint keys-hint">${t("desk.wrap_up.keys")}</span>
      <button type="submit" class="button primary" disabled=${running.value[`act:${one.id}`]}><${Icon} name="check" />${forced ? t("ui.save") : t("ui.done")}</button>
    </div>
  </form>`;
}

/** @param {{one: import("./types.js").Interaction}} props */
function WrapTimer({ one }) {
  second.value;
  const until = ms(one.wrap_up_until);
  const whole = useRef(0);
  const left = until - now();
  if (Number.isNaN(until)) return html`<span class="hint">${t("desk.wrap_up.open")}</span>`;
  whole.current = Math.max(whole.current, left, 1);
  return html`<progress class="timer" max="1" value=${Math.max(0, left / whole.current)} aria-label=${t("desk.wrap_up.left")}></progress>
    <span class="figures">${span(left)}</span>
    <button type="button" class="button" disabled=${running.value[`extend:${one.id}`]} onClick=${() => extendWrapUp(one.id)}>${t("desk.wrap_up.extend")}</button>`;
}
