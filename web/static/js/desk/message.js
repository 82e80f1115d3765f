// @ts-check
import { useState } from "preact/hooks";
import { html } from "../html.js";
import { clockTime, number, shortTime, t } from "../i18n.js";
import { Icon } from "../ui/icon.js";
import { Delivery } from "./delivery.js";

/**
 * @param {{message: import("./types.js").Message, medium: string, language: string | null, interaction?: string,
 *   onChanged?: (message: import("./types.js").Message) => void}} props
 */
export function MessageView({ message, medium, language, interaction, onChanged }) {
  const [asHtml, setAsHtml] = useState(false);
  const email = medium === "email" && message.author !== "note";
  const lang = message.author === "customer" ? language ?? undefined : undefined;
  return html`<article class="message ${message.author} ${email ? "letter" : ""} ${message.delivery === "taken_back" ? "taken-back" : ""}">
    <p class="who">
      ${message.author === "note" && html`<span class="note-label"><${Icon} name="note" class="small" />${t("note.label")}</span>`}
      ${message.author === "bot" && html`<span class="bot-label"><${Icon} name="bot" class="small" />${t("bot.label")}</span>`}
      <span>${message.name || t(`author.${message.author}`)}</span>
      ${email && message.subject && html`<span class="letter-subject">${message.subject}</span>`}
      ${email && message.html && html`<button type="button" class="link" aria-pressed=${asHtml} onClick=${() => setAsHtml(!asHtml)}>
        ${asHtml ? t("email.as_text") : t("email.as_html")}</button>`}
    </p>
    <div class="bubble" lang=${lang}>
      ${asHtml && message.html ? html`<${HtmlBody} source=${message.html} />` : html`<${TextBody} text=${message.text} files=${message.attachments} />`}
      ${message.attachments?.length > 0 && html`<${Attachments} items=${message.attachments} />`}
    </div>
    <p class="meta"><time datetime=${message.at}>${email ? shortTime(message.at) : clockTime(message.at)}</time><${Delivery} message=${message} interaction=${interaction} onChanged=${onChanged} /></p>
  </article>`;
}

/**
 * Plain text; what is quoted at its end is folded away. Pictures among the words are shown where they stand.
 * @param {{text: string, files?: import("./types.js").Attachment[]}} props
 */
export function TextBody({ text, files = [] }) {
  const [own, quoted] = splitQuote(text ?? "");
  return html`<p class="text">${pictures(own, files)}</p>
    ${quoted && html`<details class="quoted"><summary>${t("email.quoted")}</summary><p class="text">${quoted}</p></details>`}`;
}

/** @param {string} text @returns {[string, string]} */
function splitQuote(text) {
  const lines = text.replace(/\s+$/, "").split("\n");
  let at = lines.length;
  while (at > 0 && /^\s*(>|$)/.test(lines[at - 1])) at -= 1;
  if (!lines.slice(at).some((line) => line.trimStart().startsWith(">"))) return [lines.join("\n"), ""];
  return [lines.slice(0, at).join("\n"), lines.slice(at).join("\n").trim()];
}

/** @param {string} text @param {import("./types.js").Attachment[]} files */
function pictures(text, files) {
  return text.split(/(!\[[^\]\n]*\]\(cid:[A-Za-z0-9.@_-]+\))/).map((part, at) => {
    if (!(at % 2)) return links(part);
    const [, name, id] = /** @type {string[]} */ (/** @type {any} */ (part.match(/^!\[([^\]\n]*)\]\(cid:(.*)\)$/)));
    const file = files.find((one) => one.content_id === id);
    return file ? html`<img class="inline-picture" src="/api/v1/attachments/${encodeURIComponent(file.id)}" alt=${name} />` : `[${name}]`;
  });
}

/** Web addresses become links that tell the other side nothing. @param {string} text */
function links(text) {
  return text.split(/(https?:\/\/[^\s<>"']*[^\s<>"'.,;:!?)\]])/).map((part, at) =>
    at % 2 ? html`<a href=${part} target="_blank" rel="noopener noreferrer nofollow">${part}</a>` : part,
  );
}

/**
 * A customer's HTML in a frame without scripts and without our origin. The page's policy holds in it too, so nothing is
 * loaded from outside: no tracking pixels.
 * @param {{source: string}} props
 */
export function HtmlBody({ source }) {
  const style = new URL("../../css/letter.css", import.meta.url).pathname;
  const head = `<!doctype html><meta charset="utf-8"><base target="_blank"><link rel="stylesheet" href="${style}">`;
  return html`<iframe class="letter-frame" title=${t("email.as_html")} sandbox="allow-popups allow-popups-to-escape-sandbox"
    referrerpolicy="no-referrer" srcdoc=${head + source}></iframe>`;
}

/** @param {{items: import("./types.js").Message["attachments"]}} props */
function Attachments({ items }) {
  return html`<ul class="attachments" aria-label=${t("attachments.title")}>
    ${items.map((one) => html`<li key=${one.id}><a href="/api/v1/attachments/${encodeURIComponent(one.id)}" download=${one.filename}>
      <${Icon} name="attach" class="small" /><span class="clip">${one.filename || t("attachments.unnamed")}</span> <span class="hint">${size(one.size)}</span></a></li>`)}
  </ul>`;
}

/** @param {number} bytes */
export function size(bytes) {
  if (bytes >= 1048576) return `${number(Math.round(bytes / 104857.6) / 10)} MB`;
  return `${number(Math.max(1, Math.round(bytes / 1024)))} kB`;
}
