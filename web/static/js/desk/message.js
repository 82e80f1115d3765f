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
      ${message.author === "report" && html`<span class="bot-label"><${Icon} name="info" class="small" />${t(`report.${message.report ?? "automatic"}`)}</span>`}
      ${message.author === "bot" && html`<span class="bot-label"><${Icon} name="bot" class="small" />${t("bot.label")}</span>`}
      ${message.author !== "report" && (message.name || !message.trust?.third_party) && html`<span>${message.name || t(`author.${message.author}`)}</span>`}
      ${message.trust && (message.author !== "report" || message.trust.third_party) && html`<${Trust} trust=${message.trust} />`}
      ${email && message.author === "customer" && message.address && html`<span class="address">${message.address}</span>`}
      ${email && message.subject && html`<span class="letter-subject">${message.subject}</span>`}
      ${email && message.html && html`<button type="button" class="link" aria-pressed=${asHtml} onClick=${() => setAsHtml(!asHtml)}>
        ${asHtml ? t("email.as_text") : t("email.as_html")}</button>`}
    </p>
    ${email && message.author === "customer" && html`<${Marks} message=${message} />`}
    <div class="bubble" lang=${lang}>
      ${message.invitations?.map((one) => html`<${Invitation} key=${one.uid + one.start} invitation=${one} />`)}
      ${asHtml && message.html ? html`<${HtmlBody} message=${message} />` : html`<${TextBody} text=${message.text} files=${message.attachments} />`}
      ${message.attachments?.length > 0 && html`<${Attachments} items=${message.attachments} />`}
    </div>
    <p class="meta">${message.also_in?.length > 0 && html`<span class="hint">${t("email.also_in", { channels: message.also_in.join(", ") })}</span>`}<time datetime=${message.at}>${email ? shortTime(message.at) : clockTime(message.at)}</time><${Delivery} message=${message} interaction=${interaction} onChanged=${onChanged} /></p>
  </article>`;
}

/**
 * Whether the sender is who the mail says; the words beside the sign are short, the whole sentence is its title.
 * @param {{trust: NonNullable<import("./types.js").Message["trust"]>}} props
 */
function Trust({ trust }) {
  const kind = trust.third_party ? "third_party" : trust.participant ? "participant" : trust.verdict;
  const icons = /** @type {Record<string, string>} */ ({ proven: "check", unchecked: "info", temperror: "info" });
  const results = `SPF ${trust.spf}, DKIM ${trust.dkim}, DMARC ${trust.dmarc}`;
  return html`<span class="trust ${kind}" title="${t(`trust.${kind}.why`, { domain: trust.domain || "?" })} ${results}">
    <${Icon} name=${icons[kind] ?? "warn"} class="small" />${t(`trust.${kind}`)}
    <span class="sr-only">${t(`trust.${kind}.why`, { domain: trust.domain || "?" })}</span></span>`;
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

/** Marks that warn; the others only tell. */
const WARNING = ["several-senders", "name-is-another-address", "homograph", "reply-to-differs", "direction-overrides"];
const TOLD = ["signed-smime", "encrypted-smime", "signed-pgp", "encrypted-pgp"];

/** What to know of a mail before trusting it. @param {{message: import("./types.js").Message}} props */
function Marks({ message }) {
  const marks = message.marks ?? [];
  const shown = [...WARNING, ...TOLD].filter((mark) => marks.includes(mark));
  const forwarded = marks.includes("forwarded");
  const others = message.also_to ?? [];
  if (shown.length === 0 && !forwarded && others.length === 0) return null;
  return html`<ul class="marks">
    ${shown.map((mark) => html`<li key=${mark} class=${WARNING.includes(mark) ? "warning" : ""}>
      <${Icon} name=${WARNING.includes(mark) ? "warn" : "info"} class="small" />${
        mark === "several-senders" && message.senders.length > 0 ? t("email.senders", { who: message.senders.map(mailbox).join(", ") }) : t(`mark.${mark}`)}</li>`)}
    ${forwarded && html`<li><${Icon} name="forward" class="small" />${
      message.forwarded_from ? t("email.forwarded_from", { who: mailbox(message.forwarded_from) }) : t("email.forwarded")}</li>`}
    ${others.length > 0 && html`<li class="also-to"><${Icon} name="info" class="small" />${t("email.also_to", { who: others.map(mailbox).join(", ") })}</li>`}
  </ul>`;
}

/** @param {import("./types.js").Mailbox} one */
function mailbox(one) {
  return one.name && one.address ? `${one.name} <${one.address}>` : one.name || one.address;
}

const METHODS = ["request", "cancel", "reply"];

/** An event of a calendar, as its sender states it; nothing is answered. @param {{invitation: import("./types.js").Invitation}} props */
function Invitation({ invitation }) {
  const kind = METHODS.includes(invitation.method) ? invitation.method : "event";
  const [day, hour] = invitation.start.slice(0, 16).split("T");
  const [endDay, endHour] = invitation.end.slice(0, 16).split("T");
  const end = endDay === day ? endHour : [endDay, endHour].filter(Boolean).join(" ");
  const when = [[day, hour].filter(Boolean).join(" "), end].filter(Boolean).join(" – ");
  return html`<section class="invitation" aria-label=${t(`invitation.${kind}`)}>
    <p class="kind"><${Icon} name="clock" class="small" />${t(`invitation.${kind}`)}</p>
    <p class="summary">${invitation.summary}</p>
    <p>${[when, invitation.time_zone, invitation.repeats ? t("invitation.repeats") : ""].filter(Boolean).join(", ")}</p>
    ${invitation.location && html`<p>${invitation.location}</p>`}
    ${invitation.organizer && html`<p class="hint">${t("invitation.organizer", { who: mailbox(invitation.organizer) })}</p>`}
  </section>`;
}

/**
 * A customer's HTML in a frame without scripts and without our origin. The page in it loads nothing from outside until
 * the agent wants that, once and for this mail alone: no tracking pixels.
 * @param {{message: import("./types.js").Message}} props
 */
function HtmlBody({ message }) {
  const [images, setImages] = useState(false);
  const source = `/api/v1/messages/${encodeURIComponent(message.id)}/letter${images ? "?remote_images=true" : ""}`;
  return html`${!images && message.marks?.includes("remote-images") && html`<p class="blocked-images">
      <span>${t("email.images.why")}</span><button type="button" class="button" onClick=${() => setImages(true)}>${t("email.images.show")}</button></p>`}
    <iframe class="letter-frame" title=${t("email.as_html")} sandbox="allow-popups allow-popups-to-escape-sandbox"
      referrerpolicy="no-referrer" src=${source}></iframe>`;
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
