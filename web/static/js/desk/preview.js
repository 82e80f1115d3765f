// @ts-check
import { html } from "../html.js";
import { t } from "../i18n.js";
import { Dialog } from "../ui/dialog.js";

const HEAD = `<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="${new URL("../../css/letter.css", import.meta.url).pathname}">`;

/** Without its own looks, which the page's policy refuses. @param {string} source */
const plain = (source) => source.replace(/<[^>]*>/g, (tag) => tag.replace(/ style="[^"]*"/g, ""));

/** A mail as it would go out. @param {{mail: {sender: string, to: string, cc: string[], subject: string, text: string, html: string}, onClose: () => void}} props */
export function PreviewDialog({ mail, onClose }) {
  return html`<${Dialog} title=${t("composer.preview.title")} onClose=${onClose} wide>
    <dl class="facts">
      <dt>${t("mail.from")}</dt><dd>${mail.sender}</dd>
      <dt>${t("mail.to")}</dt><dd>${mail.to}</dd>
      ${mail.cc.length > 0 && html`<dt>${t("composer.cc.label")}</dt><dd>${mail.cc.join(", ")}</dd>`}
      <dt>${t("mail.subject")}</dt><dd>${mail.subject}</dd>
    </dl>
    <iframe class="letter-frame" title=${t("email.as_html")} sandbox="" referrerpolicy="no-referrer" srcdoc=${HEAD + plain(mail.html)}></iframe>
    <details class="quoted"><summary>${t("email.as_text")}</summary><pre class="text">${mail.text}</pre></details>
  <//>`;
}
