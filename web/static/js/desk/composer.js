// @ts-check
/** Where replies and notes are written. The two are apart in colour, label and draft, and so is their button. */
import { useEffect, useRef, useState } from "preact/hooks";
import { post } from "../api.js";
import { html } from "../html.js";
import { t } from "../i18n.js";
import { Icon } from "../ui/icon.js";
import { toastError } from "../ui/toast.js";
import { draft, keepDraft } from "./drafts.js";
import { bring, filesComing, filesOf, findFiles, remove, take } from "./files.js";
import { size } from "./message.js";
import { LaterButton } from "./later.js";
import { nameOf } from "./names.js";
import { send } from "./outbox.js";
import { dialog, focusWish, threads } from "./state.js";
import { offered, Suggestions, use } from "./suggest.js";

const TYPING_EVERY_MS = 3000;

/** @param {{one: import("./types.js").Interaction, socket: import("../socket.js").LiveSocket}} props */
export function Composer({ one, socket }) {
  const canReply = one.medium !== "callback";
  const [kind, setKind] = useState(/** @type {"reply" | "note"} */ (canReply ? "reply" : "note"));
  const [dragging, setDragging] = useState(false);
  const [copies, setCopies] = useState(/** @type {string | null} */ (null));
  const field = useRef(/** @type {HTMLTextAreaElement | null} */ (null));
  const chooser = useRef(/** @type {HTMLInputElement | null} */ (null));
  const told = useRef(0);
  const text = draft(one.id, kind);
  const email = one.medium === "email";
  const mails = email && kind === "reply";
  // The customer's side of a chat shows no files yet.
  const takesFiles = email || kind === "note";
  const all = mails && copies === null ? others(threads.value[one.id] ?? []) : [];
  const files = filesOf(one.id);
  const ready = Boolean(text.trim() || (takesFiles && files.some((file) => file.state === "ready"))) && !filesComing(one.id);
  useEffect(() => {
    findFiles(one.id);
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
    if (!ready) return;
    keepDraft(one.id, kind, "");
    told.current = 0;
    send(one.id, kind, words, { files: takesFiles ? take(one.id) : [], cc: mails ? addresses(copies) : [] });
    setCopies(null);
    field.current?.focus();
  };
  const onKey = (/** @type {KeyboardEvent} */ event) => {
    if (event.isComposing) return;
    const first = kind === "reply" && !text ? offered(one.id)[0] : null;
    // Only in an empty reply: else Tab leads on, as Shift+Tab and Esc always do.
    if (first && event.code === "Tab" && !event.shiftKey && !event.ctrlKey && !event.altKey && !event.metaKey) {
      event.preventDefault();
      return use(one.id, first);
    }
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
  const onPaste = async (/** @type {ClipboardEvent} */ event) => {
    const pasted = [...(event.clipboardData?.files ?? [])];
    if (!takesFiles || !pasted.length) return;
    event.preventDefault();
    // In a mail a pasted picture stands where it was pasted.
    const pictures = mails ? pasted.filter((file) => file.type.startsWith("image/")) : [];
    bring(one.id, pasted.filter((file) => !pictures.includes(file)));
    for (const view of await bring(one.id, pictures, true)) if (view) insert(one.id, field.current, view);
  };
  const onDrop = (/** @type {DragEvent} */ event) => {
    setDragging(false);
    if (!takesFiles || !event.dataTransfer?.files.length) return;
    event.preventDefault();
    bring(one.id, event.dataTransfer.files);
  };
  const onDrag = (/** @type {DragEvent} */ event) => {
    if (!takesFiles || !event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    setDragging(true);
  };
  const onChoose = () => {
    if (chooser.current?.files) bring(one.id, chooser.current.files);
    if (chooser.current) chooser.current.value = "";
  };
  const preview = async () => {
    try {
      const mail = await post(`/interactions/${encodeURIComponent(one.id)}/preview`, { text: draft(one.id, kind), cc: addresses(copies) });
      dialog.value = { name: "preview", id: one.id, mail };
    } catch (error) {
      toastError(error);
    }
  };
  return html`<form class="composer ${kind} ${dragging ? "dragging" : ""}" onSubmit=${(/** @type {Event} */ event) => { event.preventDefault(); go(); }}
    onDragOver=${onDrag} onDragEnter=${onDrag} onDragLeave=${() => setDragging(false)} onDrop=${onDrop}>
    <div class="composer-top">
      <div class="segments" role="group" aria-label=${t("composer.kind")}>
        ${canReply && html`<button type="button" data-kind="reply" aria-pressed=${kind === "reply"} onClick=${() => change("reply")}>${t("composer.reply")}</button>`}
        <button type="button" data-kind="note" aria-pressed=${kind === "note"} onClick=${() => change("note")}><${Icon} name="note" class="small" />${t("composer.note")}</button>
      </div>
      ${takesFiles && html`<input ref=${chooser} type="file" multiple hidden tabindex="-1" onChange=${onChoose} />
        <button type="button" class="button quiet" title=${t("composer.attach.hint")} onClick=${() => chooser.current?.click()}>
          <${Icon} name="attach" /><span class="label">${t("composer.attach")}</span></button>`}
      ${mails && copies === null && html`<button type="button" class="button quiet" onClick=${() => setCopies("")}>${t("composer.cc")}</button>`}
      ${all.length > 0 && html`<button type="button" class="button quiet" title=${all.join(", ")} onClick=${() => setCopies(all.join(", "))}>${t("composer.reply_all")}</button>`}
      ${mails && text.trim() && html`<button type="button" class="button quiet" onClick=${preview}>${t("composer.preview")}</button>`}
      <span class="hint keys-hint">${kind === "note" ? t("composer.note.hint") : t(email ? "composer.hint.email" : "composer.hint.chat")}</span>
      <${LaterButton} id=${one.id} />
    </div>
    ${mails && copies !== null && html`<label class="composer-copies"><span>${t("composer.cc.label")}</span>
      <input type="text" inputmode="email" autocomplete="off" spellcheck=${false} value=${copies} placeholder="anna@example.org"
        onInput=${(/** @type {any} */ event) => setCopies(event.target.value)} /></label>`}
    ${canReply && kind === "reply" && html`<${Suggestions} one=${one} />`}
    <div class="composer-main">
      <textarea ref=${field} data-focus rows=${email ? 5 : 2} value=${text} onInput=${write} onKeyDown=${onKey} onPaste=${onPaste} maxlength="20000"
        aria-describedby=${kind === "reply" && !text && offered(one.id).length ? `suggest-${one.id}` : undefined}
        lang=${kind === "reply" ? one.language ?? undefined : undefined} spellcheck=${true}
        aria-label=${kind === "note" ? t("composer.note.label") : t("composer.reply.label", { name: nameOf(one) })}></textarea>
      <button type="submit" class="button ${kind === "note" ? "noting" : "primary"}" disabled=${!ready}>
        <${Icon} name=${kind === "note" ? "note" : "send"} />${kind === "note" ? t("composer.add_note") : t("composer.send")}
      </button>
    </div>
    ${takesFiles && files.length > 0 && html`<${Files} id=${one.id} files=${files} />`}
    <p class="sr-only" role="status">${dragging ? t("composer.drop") : ""}</p>
  </form>`;
}

/** @param {{id: string, files: import("./files.js").Waiting[]}} props */
function Files({ id, files }) {
  return html`<ul class="waiting-files" aria-label=${t("composer.files")}>
    ${files.map((file) => html`<li key=${file.key} class=${file.state}>
      <${Icon} name=${file.state === "failed" ? "warn" : "attach"} class="small" />
      <span class="clip">${file.filename}</span>
      <span class="hint">${file.state === "coming" ? t("composer.file.coming") : file.state === "failed" ? file.error : size(file.size)}</span>
      <button type="button" class="button quiet square" aria-label=${t("composer.file.remove", { name: file.filename })}
        onClick=${() => remove(id, file)}><${Icon} name="close" class="small" /></button>
    </li>`)}
  </ul>`;
}

/** @param {string | null} copies @returns {string[]} */
const addresses = (copies) => (copies ?? "").split(/[\s,;]+/).filter(Boolean);

/** No server takes other letters before the @ (SMTPUTF8), and no reply more copies. */
const WRITABLE = /^[\x21-\x7e]+@\S+$/, COPIES_MAX = 20;

/** Who an answer to all goes to beside the customer: whoever takes part in the newest mail and can be sent a copy.
 * @param {import("./types.js").Message[]} messages @returns {string[]} */
function others(messages) {
  const heard = messages.filter((message) => message.author === "customer" && !message.trust?.third_party);
  const last = heard.at(-1);
  if (!last) return [];
  const his = heard.filter((message) => !message.trust?.participant).map((message) => message.address.toLowerCase());
  const named = [...(last.trust?.participant ? [last.address] : []), ...(last.also_to ?? []).map((each) => each.address)];
  return named.filter((address) => WRITABLE.test(address) && !his.includes(address.toLowerCase())).slice(0, COPIES_MAX);
}

/** Let a picture stand where the cursor is. @param {string} id @param {HTMLTextAreaElement | null} field @param {any} view */
function insert(id, field, view) {
  const text = draft(id, "reply");
  const at = field?.selectionStart ?? text.length;
  keepDraft(id, "reply", `${text.slice(0, at)}![${view.filename.replace(/[[\]]/g, "")}](cid:${view.content_id})${text.slice(at)}`);
}

/** Let the field grow with its text, up to what the style allows. @param {HTMLTextAreaElement | null} field */
function grow(field) {
  if (!field) return;
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight + 2}px`;
}
