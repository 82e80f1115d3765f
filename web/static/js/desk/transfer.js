// @ts-check
import { useRef, useState } from "preact/hooks";
import { html } from "../html.js";
import { t } from "../i18n.js";
import { Dialog } from "../ui/dialog.js";
import { running, transfer } from "./actions.js";
import { nameOf } from "./names.js";
import { held, queues } from "./state.js";

/** @param {{id: string, onClose: () => void}} props */
export function TransferDialog({ id, onClose }) {
  const one = held.value[id];
  const [target, setTarget] = useState("");
  const [note, setNote] = useState("");
  const [tried, setTried] = useState(false);
  const form = useRef(/** @type {HTMLFormElement | null} */ (null));
  if (!one) return null;
  const go = (/** @type {Event} */ event) => {
    event.preventDefault();
    setTried(true);
    if (!target || !note.trim()) {
      /** @type {HTMLElement | null | undefined} */ (form.current?.querySelector(target ? "textarea" : "select"))?.focus();
      return;
    }
    transfer(id, target, note.trim());
  };
  const onKey = (/** @type {KeyboardEvent} */ event) => {
    if (event.code === "Enter" && (event.ctrlKey || event.metaKey) && !event.altKey) go(event);
  };
  return html`<${Dialog} title=${t("desk.transfer.title", { name: nameOf(one) })} onClose=${onClose}>
    <form ref=${form} onSubmit=${go} onKeyDown=${onKey} noValidate>
      <label class="field"><span>${t("desk.transfer.to")}</span>
        <select autofocus required value=${target} aria-invalid=${tried && !target} onChange=${(/** @type {any} */ event) => setTarget(event.target.value)}>
          <option value="">${t("desk.transfer.choose")}</option>
          ${queues.value.filter((name) => name !== one.queue).map((name) => html`<option value=${name}>${name}</option>`)}
        </select>
        ${tried && !target && html`<span class="field-error" role="alert">${t("desk.transfer.choose")}</span>`}
      </label>
      <label class="field"><span>${t("desk.transfer.note")}</span>
        <textarea rows="4" required value=${note} aria-invalid=${tried && !note.trim()} onInput=${(/** @type {any} */ event) => setNote(event.target.value)}></textarea>
        <span class="hint">${t("desk.transfer.note.hint")}</span>
        ${tried && !note.trim() && html`<span class="field-error" role="alert">${t("desk.transfer.note.missing")}</span>`}
      </label>
      <footer class="dialog-foot">
        <button type="button" class="button" onClick=${onClose}>${t("ui.cancel")}</button>
        <button type="submit" class="button primary" disabled=${running.value[`act:${id}`]}>${t("desk.transfer.go")}</button>
      </footer>
    </form>
  <//>`;
}
