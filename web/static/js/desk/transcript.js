// @ts-check
/** An earlier interaction, to read only. */
import { html } from "../html.js";
import { dayTime, t, word } from "../i18n.js";
import { NotYet, useAsked } from "../ui/asked.js";
import { Dialog } from "../ui/dialog.js";
import { MessageView } from "./message.js";

/** @param {{id: string, onClose: () => void}} props */
export function TranscriptDialog({ id, onClose }) {
  const asked = useAsked(`/interactions/${encodeURIComponent(id)}`);
  /** @type {import("./types.js").Interaction | null} */
  const one = asked.found;
  return html`<${Dialog} title=${one?.subject || t("transcript.title")} onClose=${onClose} wide>
    ${one && html`<p class="hint">${word("medium", one.medium)} · ${one.queue} · ${dayTime(one.created_at)} · ${word("state", one.state)}</p>`}
    ${asked.failure && html`<${NotYet} asked=${asked} />`}
    <${Transcript} id=${id} medium=${one?.medium ?? ""} language=${one?.language ?? null} />
  <//>`;
}

/** @param {{id: string, medium: string, language: string | null}} props */
export function Transcript({ id, medium, language }) {
  const asked = useAsked(`/interactions/${encodeURIComponent(id)}/messages?after=0`);
  if (!asked.found) return html`<${NotYet} asked=${asked} />`;
  /** @type {import("./types.js").Message[]} */
  const messages = asked.found.items;
  if (!messages.length) return html`<p class="hint">${t("desk.no_messages")}</p>`;
  return html`<div class="thread read-only ${medium}" tabindex="0" role="region" aria-label=${t("desk.messages")}>
    ${messages.map((message) => html`<${MessageView} key=${message.id} message=${message} medium=${medium} language=${language}
      interaction=${id} onChanged=${(/** @type {any} */ view) => asked.change((page) => ({ ...page, items: page.items.map((/** @type {any} */ one) => (one.id === view.id ? view : one)) }))} />`)}
  </div>`;
}
