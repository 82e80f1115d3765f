// @ts-check
/** Where replies and notes are written. The two are apart in colour, label and draft, and so is their button. */
import { useEffect, useRef, useState } from "preact/hooks";
import { html } from "../html.js";
import { t } from "../i18n.js";
import { Icon } from "../ui/icon.js";
import { draft, keepDraft } from "./drafts.js";
import { LaterButton } from "./later.js";
import { nameOf } from "./names.js";
import { send } from "./outbox.js";
import { focusWish } from "./state.js";

const TYPING_EVERY_MS = 3000;

/** @param {{one: import("./types.js").Interaction, socket: import("../socket.js").LiveSocket}} props */
export function Composer({ one, socket }) {
  const canReply = one.medium !== "callback";
  const [kind, setKind] = useState(/** @type {"reply" | "note"} */ (canReply ? "reply" : "note"));
  const field = useRef(/** @type {HTMLTextAreaElement | null} */ (null));
  const told = useRef(0);
  const text = draft(one.id, kind);
  const email = one.medium === "email";
  useEffect(() => {
    // A conversation that was just opened is written in next; on touch screens the keyboard would cover it.
    if (focusWish.id === one.id && matchMedia("(hover: hover)").matches && !document.querySelector("dialog[open]")) field.current?.focus();
  }, []);
  useEffect(() => grow(field.current), [text, kind]);
  const write = (/** @type {any} */ event) => {
    keepDraft(one.id, kind, event.target.value);
    if (kind !== "reply" || Date.now() - told.current < TYPING_EVERY_MS) return;
    told.current = Date.now();
    socket.send({ type: "typing", interaction: one.id });
  };
  const go = () => {
    const words = draft(one.id, kind).trim();
    if (!words) return;
    keepDraft(one.id, kind, "");
    told.current = 0;
    send(one.id, kind, words);
    field.current?.focus();
  };
  const onKey = (/** @type {KeyboardEvent} */ event) => {
    if (event.isComposing) return;
    if (event.code === "Escape") return document.getElementById(`name-${one.id}`)?.focus();
    const enter = event.code === "Enter" || event.code === "NumpadEnter";
    // AltGr is Ctrl+Alt on Windows, and it writes.
    const withCtrl = (event.ctrlKey || event.metaKey) && !event.altKey;
    const plain = !event.shiftKey && !event.ctrlKey && !event.altKey && !event.metaKey;
    if (!enter || !(withCtrl || (plain && !email))) return;
    event.preventDefault();
    go();
  };
  const change = (/** @type {"reply" | "note"} */ next) => {
    setKind(next);
    // At once: what is typed next belongs in here.
    field.current?.focus();
  };
  return html`<form class="composer ${kind}" onSubmit=${(/** @type {Event} */ event) => { event.preventDefault(); go(); }}>
    <div class="composer-top">
      <div class="segments" role="group" aria-label=${t("composer.kind")}>
        ${canReply && html`<button type="button" data-kind="reply" aria-pressed=${kind === "reply"} onClick=${() => change("reply")}>${t("composer.reply")}</button>`}
        <button type="button" data-kind="note" aria-pressed=${kind === "note"} onClick=${() => change("note")}><${Icon} name="note" class="small" />${t("composer.note")}</button>
      </div>
      <span class="hint keys-hint">${kind === "note" ? t("composer.note.hint") : t(email ? "composer.hint.email" : "composer.hint.chat")}</span>
      <${LaterButton} id=${one.id} />
    </div>
    <div class="composer-main">
      <textarea ref=${field} data-focus rows=${email ? 5 : 2} value=${text} onInput=${write} onKeyDown=${onKey} maxlength="20000"
        lang=${kind === "reply" ? one.language ?? undefined : undefined} spellcheck=${true}
        aria-label=${kind === "note" ? t("composer.note.label") : t("composer.reply.label", { name: nameOf(one) })}></textarea>
      <button type="submit" class="button ${kind === "note" ? "noting" : "primary"}" disabled=${!text.trim()}>
        <${Icon} name=${kind === "note" ? "note" : "send"} />${kind === "note" ? t("composer.add_note") : t("composer.send")}
      </button>
    </div>
  </form>`;
}

/** Let the field grow with its text, up to what the style allows. @param {HTMLTextAreaElement | null} field */
function grow(field) {
  if (!field) return;
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight + 2}px`;
}
