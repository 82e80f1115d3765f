// @ts-check
/** An earlier interaction, to read only. */
import { useEffect, useState } from "preact/hooks";
import { get } from "../api.js";
import { html } from "../html.js";
import { dayTime, t, word } from "../i18n.js";
import { Dialog } from "../ui/dialog.js";
import { MessageView } from "./message.js";

/** @param {{id: string, onClose: () => void}} props */
export function TranscriptDialog({ id, onClose }) {
  const [one, setOne] = useState(/** @type {import("./types.js").Interaction | null} */ (null));
  const [failure, setFailure] = useState("");
  useEffect(() => {
    get(`/interactions/${encodeURIComponent(id)}`).then(setOne).catch((error) => setFailure(error.message));
  }, [id]);
  return html`<${Dialog} title=${one?.subject || t("transcript.title")} onClose=${onClose} wide>
    ${one && html`<p class="hint">${word("medium", one.medium)} · ${one.queue} · ${dayTime(one.created_at)} · ${word("state", one.state)}</p>`}
    ${failure && html`<p role="alert">${failure}</p>`}
    <${Transcript} id=${id} medium=${one?.medium ?? ""} language=${one?.language ?? null} />
  <//>`;
}

/** @param {{id: string, medium: string, language: string | null}} props */
export function Transcript({ id, medium, language }) {
  const [messages, setMessages] = useState(/** @type {import("./types.js").Message[] | null} */ (null));
  const [failure, setFailure] = useState("");
  useEffect(() => {
    get(`/interactions/${encodeURIComponent(id)}/messages?after=0`)
      .then((page) => setMessages(page.items))
      .catch((error) => setFailure(error.message));
  }, [id]);
  if (failure) return html`<p role="alert">${failure}</p>`;
  if (!messages) return html`<p class="hint">${t("ui.loading")}</p>`;
  if (!messages.length) return html`<p class="hint">${t("desk.no_messages")}</p>`;
  return html`<div class="thread read-only ${medium}" tabindex="0" role="region" aria-label=${t("desk.messages")}>
    ${messages.map((message) => html`<${MessageView} key=${message.id} message=${message} medium=${medium} language=${language}
      interaction=${id} onChanged=${(/** @type {any} */ view) => setMessages((all) => (all ?? []).map((one) => (one.id === view.id ? view : one)))} />`)}
  </div>`;
}
