// @ts-check
import { html } from "../html.js";
import { t } from "../i18n.js";
import { Dialog } from "../ui/dialog.js";
import { HtmlBody } from "./message.js";

/** A mail as it would go out. @param {{mail: {sender: string, to: string, cc: string[], subject: string, text: string, html: string}, onClose: () => void}} props */
export function PreviewDialog({ mail, onClose }) {
  return html`<${Dialog} title=${t("composer.preview.title")} onClose=${onClose} wide>
    <dl class="facts">
      <dt>${t("mail.from")}</dt><dd>${mail.sender}</dd>
      <dt>${t("mail.to")}</dt><dd>${mail.to}</dd>
      ${mail.cc.length > 0 && html`<dt>${t("composer.cc.label")}</dt><dd>${mail.cc.join(", ")}</dd>`}
      <dt>${t("mail.subject")}</dt><dd>${mail.subject}</dd>
    </dl>
    <${HtmlBody} source=${mail.html} />
    <details class="quoted"><summary>${t("email.as_text")}</summary><pre class="text">${mail.text}</pre></details>
  <//>`;
}
