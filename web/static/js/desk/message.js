// @ts-check
import { useState } from "preact/hooks";
import { html } from "../html.js";
import { clockTime, number, shortTime, t } from "../i18n.js";
import { Icon } from "../ui/icon.js";

/** @param {{message: import("./types.js").Message, medium: string, language: string | null}} props */
export function MessageView({ message, medium, language }) {
  const [asHtml, setAsHtml] = useState(false);
  const email = medium === "email" && message.author !== "note";
  const lang = message.author === "customer" ? language ?? undefined : undefined;
  return html`<article class="message ${message.author} ${email ? "letter" : ""}">
    <p class="who">
      ${message.author === "note" && html`<span class="note-label"><${Icon} name="note" class="small" />${t("note.label")}</span>`}
      ${message.author === "report" && html`<span class="bot-label"><${Icon} name="info" class="small" />${t(`report.${message.report ?? "automatic"}`)}</span>`}
      ${message.author === "bot" && html`<span class="bot-label"><${Icon} name="bot" class="small" />${t("bot.label")}</span>`}
      ${message.author !== "report" && (message.name || !message.trust?.third_party) && html`<span>${message.name || t(`author.${message.author}`)}</span>`}
      ${message.trust && (message.author !== "report" || message.trust.third_party) && html`<${Trust} trust=${message.trust} />`}
      ${email && message.subject && html`<span class="letter-subject">${message.subject}</span>`}
      ${email && message.html && html`<button type="button" class="link" aria-pressed=${asHtml} onClick=${() => setAsHtml(!asHtml)}>
        ${asHtml ? t("email.as_text") : t("email.as_html")}</button>`}
    </p>
    <div class="bubble" lang=${lang}>
      ${asHtml && message.html ? html`<${HtmlBody} source=${message.html} />` : html`<${TextBody} text=${message.text} />`}
      ${message.attachments?.length > 0 && html`<${Attachments} items=${message.attachments} />`}
    </div>
    <p class="meta">${message.also_in?.length > 0 && html`<span class="hint">${t("email.also_in", { channels: message.also_in.join(", ") })}</span>`}<time datetime=${message.at}>${email ? shortTime(message.at) : clockTime(message.at)}</time><${Delivery} message=${message} /></p>
  </article>`;
}

/**
 * Whether the sender is who the mail says; the words beside the sign are short, the whole sentence is its title.
 * @param {{trust: NonNullable<import("./types.js").Message["trust"]>}} props
 */
function Trust({ trust }) {
  const kind = trust.third_party ? "third_party" : trust.verdict;
  const icons = /** @type {Record<string, string>} */ ({ proven: "check", unchecked: "info", temperror: "info" });
  const results = `SPF ${trust.spf}, DKIM ${trust.dkim}, DMARC ${trust.dmarc}`;
  return html`<span class="trust ${kind}" title="${t(`trust.${kind}.why`, { domain: trust.domain || "?" })} ${results}">
    <${Icon} name=${icons[kind] ?? "warn"} class="small" />${t(`trust.${kind}`)}
    <span class="sr-only">${t(`trust.${kind}.why`, { domain: trust.domain || "?" })}</span></span>`;
}

/** @param {{message: import("./types.js").Message}} props */
function Delivery({ message }) {
  if (!["agent", "bot"].includes(message.author) || !message.delivery || message.delivery === "none") return null;
  const icons = /** @type {Record<string, string>} */ ({ pending: "clock", sent: "check", failed: "alarm", uncertain: "warn", bounced: "alarm", complained: "alarm", delayed: "clock", delivered: "check", read: "check" });
  return html`<span class="delivery ${message.delivery}"><${Icon} name=${icons[message.delivery] ?? "info"} class="small" />${t(`delivery.${message.delivery}`)}${message.delivery_status && html` (${message.delivery_status})`}</span>`;
}

/** Plain text; what is quoted at its end is folded away. @param {{text: string}} props */
export function TextBody({ text }) {
  const [own, quoted] = splitQuote(text ?? "");
  return html`<p class="text">${links(own)}</p>
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
function HtmlBody({ source }) {
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
function size(bytes) {
  if (bytes >= 1048576) return `${number(Math.round(bytes / 104857.6) / 10)} MB`;
  return `${number(Math.max(1, Math.round(bytes / 1024)))} kB`;
}
