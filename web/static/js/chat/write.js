// @ts-check
import { useEffect, useRef } from "preact/hooks";
import { html } from "../html.js";
import { t } from "../i18n.js";
import { Icon } from "../ui/icon.js";
import { draft, ended, remember, taken } from "./state.js";
import { LETTERS_MAX, send, tellTyping } from "./talk.js";

export function Write() {
  const field = useRef(/** @type {HTMLTextAreaElement | null} */ (null));
  const text = draft.value;
  useEffect(() => { if (matchMedia("(hover: hover)").matches) field.current?.focus(); }, []);
  useEffect(() => {
    const element = field.current;
    if (!element) return;
    element.style.height = "auto";
    element.style.height = `${element.scrollHeight + 2}px`;
  }, [text]);
  const go = () => {
    const words = draft.value.trim();
    if (!words) return;
    draft.value = "";
    send(words);
    remember();
    field.current?.focus();
  };
  const onInput = (/** @type {any} */ event) => {
    draft.value = event.target.value;
    remember();
    tellTyping();
  };
  const onKey = (/** @type {KeyboardEvent} */ event) => {
    if (event.isComposing || event.shiftKey || event.altKey || !["Enter", "NumpadEnter"].includes(event.code)) return;
    event.preventDefault();
    go();
  };
  return html`<form class="chat-write" onSubmit=${(/** @type {Event} */ event) => { event.preventDefault(); go(); }}>
    ${(ended.value || taken.value) && html`<p class="hint">${t("chat.ended.again")}</p>`}
    <label for="words" class="sr-only">${t("chat.write")}</label>
    <textarea id="words" ref=${field} rows="1" value=${text} maxlength=${LETTERS_MAX} placeholder=${t("chat.write")} onInput=${onInput} onKeyDown=${onKey}></textarea>
    <button type="submit" class="button primary" disabled=${!text.trim()}><${Icon} name="send" /><span>${t("composer.send")}</span></button>
  </form>`;
}
