// @ts-check
/** All that will be sent, the next due first: filtered, looked at, cancelled. */
import { useEffect, useState } from "preact/hooks";
import { call, get } from "../api.js";
import { html } from "../html.js";
import { dayTime, t } from "../i18n.js";
import { Dialog } from "../ui/dialog.js";
import { toast, toastError } from "../ui/toast.js";
import { nameOfSending } from "../desk/later.js";
import { agents, drawer, queues, sendings } from "./state.js";

/**
 * @typedef {{sending: any, reference: string, customer: any, queue: string}} Planned
 */

export function SendingsDialog() {
  if (!sendings.value) return null;
  return html`<${Dialog} title=${t("later.planned")} wide onClose=${() => void (sendings.value = false)}><${Planned} /><//>`;
}

/** @param {string} by */
const byName = (by) => (by === "router" ? t("later.by_rule") : agents.value.find((each) => each.id === by)?.name ?? by);

function Planned() {
  const [items, setItems] = useState(/** @type {Planned[] | null} */ (null));
  const [next, setNext] = useState(/** @type {string | null} */ (null));
  const [queue, setQueue] = useState("");
  const [name, setName] = useState("");
  const [names, setNames] = useState(/** @type {string[]} */ ([]));
  const [failure, setFailure] = useState("");
  const load = (/** @type {string | null} */ cursor) => {
    const asked = new URLSearchParams({ limit: "50", ...(queue && { queue }), ...(name && { name }), ...(cursor && { cursor }) });
    return get(`/sendings?${asked}`)
      .then((page) => {
        setItems((before) => (cursor ? [...(before ?? []), ...page.items] : page.items));
        setNext(page.next);
        setFailure("");
      })
      .catch((error) => setFailure(error.message));
  };
  useEffect(() => void load(null), [queue, name]);
  useEffect(() => void get("/documents").then((found) => setNames(found.items.map((/** @type {any} */ each) => each.name))).catch(toastError), []);
  const cancel = (/** @type {Planned} */ one) =>
    call("DELETE", `/interactions/${encodeURIComponent(one.sending.interaction)}/sendings/${encodeURIComponent(one.sending.id)}`)
      .then(() => { toast(t("later.cancelled")); setItems((before) => (before ?? []).filter((each) => each.sending.id !== one.sending.id)); })
      .catch(toastError);
  const choice = (/** @type {string} */ label, /** @type {string} */ value, /** @type {(value: string) => void} */ set, /** @type {string[]} */ options) => html`<label class="field row">
    <span>${label}</span><select value=${value} onChange=${(/** @type {any} */ event) => set(event.target.value)}>
      <option value="">${t("later.all")}</option>${options.map((each) => html`<option value=${each}>${each}</option>`)}</select></label>`;
  return html`
    <div class="sendings-filter">${choice(t("later.col.queue"), queue, setQueue, queues.value.map((each) => each.name))}
      ${choice(t("later.col.what"), name, setName, names)}</div>
    ${failure && html`<p role="alert">${failure}</p>`}
    ${!items && !failure && html`<p class="hint">${t("ui.loading")}</p>`}
    ${items?.length === 0 && html`<p class="hint">${t("later.none")}</p>`}
    ${items && items.length > 0 && html`<div class="scroller"><table class="list-table sendings">
      <thead><tr>${["due", "what", "customer", "queue", "by"].map((each) => html`<th scope="col">${t(`later.col.${each}`)}</th>`)}<th><span class="sr-only">${t("later.cancel")}</span></th></tr></thead>
      <tbody>${items.map((one) => html`<tr key=${one.sending.id}>
        <td class="figure">${dayTime(one.sending.due_at)}</td>
        <th scope="row" class="text">${nameOfSending(one.sending)}${one.sending.sent.length > 0 && html` <span class="tag">${t("later.sent", { count: one.sending.sent.length })}</span>`}
          ${one.sending.preview && html`<span class="hint clip">${one.sending.preview}</span>`}</th>
        <td class="text"><button type="button" class="row-link" onClick=${() => { sendings.value = false; drawer.value = { interaction: one.sending.interaction }; }}>
          ${one.customer.name || one.customer.email || t("customer.unknown")}</button> <span class="hint">${one.reference}</span></td>
        <td>${one.queue}</td>
        <td>${byName(one.sending.by)}</td>
        <td><button type="button" class="button" onClick=${() => cancel(one)}
          aria-label=${t("later.cancel.which", { name: nameOfSending(one.sending) })}>${t("later.cancel")}</button></td></tr>`)}</tbody></table></div>`}
    ${next && html`<button type="button" class="button" onClick=${() => load(next)}>${t("quarantine.more")}</button>`}`;
}
