// @ts-check
/** What a supervisor changes. Each change wants a reason, which is kept with his name. */
import { useState } from "preact/hooks";
import { post } from "../api.js";
import { html } from "../html.js";
import { t, word } from "../i18n.js";
import { Dialog } from "../ui/dialog.js";
import { toast } from "../ui/toast.js";
import { AWAY } from "../desk/presences.js";
import { agents, queues } from "./state.js";

/** @typedef {import("../desk/types.js").Interaction} Interaction */

/**
 * A dialog with fields of its own, a reason if wanted, and one call.
 * @param {{title: string, go: string, onClose: () => void, reason?: boolean, act: (reason: string) => Promise<any>, children?: any}} props
 */
function Steer({ title, go, onClose, reason = true, act, children }) {
  const [why, setWhy] = useState("");
  const [failure, setFailure] = useState("");
  const [busy, setBusy] = useState(false);
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!(/** @type {HTMLFormElement} */ (event.target).reportValidity())) return;
    setBusy(true);
    try {
      await act(why.trim());
      toast(t("steer.done"));
      onClose();
    } catch (error) {
      setFailure(/** @type {Error} */ (error).message);
    } finally {
      setBusy(false);
    }
  };
  return html`<${Dialog} title=${title} onClose=${onClose}>
    <form onSubmit=${submit}>
      ${children}
      ${reason && html`<label class="field"><span>${t("steer.reason")}</span>
        <input type="text" required maxlength="100" value=${why} onInput=${(/** @type {any} */ event) => setWhy(event.target.value)} /></label>`}
      ${failure && html`<p class="field-error" role="alert">${failure}</p>`}
      <footer class="dialog-foot"><button type="button" class="button" onClick=${onClose}>${t("ui.cancel")}</button>
        <button type="submit" class="button primary" disabled=${busy}>${go}</button></footer>
    </form><//>`;
}

/** @param {Interaction} one */
const of = (one) => `/interactions/${encodeURIComponent(one.id)}`;

/** @param {{interaction: Interaction, onClose: () => void}} props */
export function MoveDialog({ interaction, onClose }) {
  const [queue, setQueue] = useState("");
  return html`<${Steer} title=${t("steer.move")} go=${t("steer.move.go")} onClose=${onClose}
    act=${(/** @type {string} */ reason) => post(`${of(interaction)}/move`, { queue, reason })}>
    <label class="field"><span>${t("interaction.queue")}</span>
      <select required value=${queue} onChange=${(/** @type {any} */ event) => setQueue(event.target.value)}>
        <option value="">${t("desk.transfer.choose")}</option>
        ${queues.value.filter((row) => row.name !== interaction.queue).map((row) => html`<option value=${row.name}>${t("steer.queue_waiting", { queue: row.name, count: row.waiting })}</option>`)}
      </select></label><//>`;
}

/** @param {{interaction: Interaction, onClose: () => void}} props */
export function PriorityDialog({ interaction, onClose }) {
  const [priority, setPriority] = useState(String(interaction.priority));
  return html`<${Steer} title=${t("steer.priority")} go=${t("ui.save")} onClose=${onClose}
    act=${(/** @type {string} */ reason) => post(`${of(interaction)}/priority`, { priority: Number(priority), reason })}>
    <label class="field"><span>${t("steer.priority.value")}</span>
      <input type="number" min="-100" max="100" step="1" required value=${priority} onInput=${(/** @type {any} */ event) => setPriority(event.target.value)} />
      <span class="hint">${t("steer.priority.hint")}</span></label><//>`;
}

/** @param {{interaction: Interaction, onClose: () => void}} props */
export function CloseDialog({ interaction, onClose }) {
  return html`<${Steer} title=${t("steer.close")} go=${t("steer.close")} onClose=${onClose}
    act=${(/** @type {string} */ reason) => post(`${of(interaction)}/close`, { reason })}>
    <p>${t("steer.close.hint")}</p><//>`;
}

/** @param {{agent: string, onClose: () => void}} props */
export function PresenceDialog({ agent, onClose }) {
  const one = agents.value.find((each) => each.id === agent);
  const [presence, setPresence] = useState("away");
  const [reason, setReason] = useState("meeting");
  return html`<${Steer} title=${t("board.force.of", { name: one?.name ?? agent })} go=${t("board.force")} onClose=${onClose} reason=${false}
    act=${() => post(`/agents/${encodeURIComponent(agent)}/presence`, { presence, ...(presence !== "available" && { reason }) })}>
    <p class="hint">${t("board.force.hint")}</p>
    <label class="field"><span>${t("board.force.state")}</span>
      <select value=${presence} onChange=${(/** @type {any} */ event) => setPresence(event.target.value)}>
        ${["available", "busy", "away", "offline"].map((name) => html`<option value=${name}>${word("presence", name)}</option>`)}</select></label>
    ${presence !== "available" && html`<label class="field"><span>${t("steer.reason")}</span>
      <select value=${reason} onChange=${(/** @type {any} */ event) => setReason(event.target.value)}>
        ${[...AWAY, "supervisor"].map((name) => html`<option value=${name}>${word("reason", name)}</option>`)}</select></label>`}<//>`;
}
