// @ts-check
/** From a queue to its interactions, from an interaction to its words, its timeline and why it waits. */
import { useEffect, useState } from "preact/hooks";
import { get } from "../api.js";
import { now, second } from "../clock.js";
import { html } from "../html.js";
import { ms, shortTime, span, t, word } from "../i18n.js";
import { Dialog } from "../ui/dialog.js";
import { MediumIcon } from "../ui/icon.js";
import { nameOf } from "../desk/names.js";
import { InteractionDetail } from "./detail.js";
import { SegmentTags } from "../ui/standing.js";
import { drawer, queues } from "./state.js";

const STATES = [["waiting", "waiting,offered"], ["active", "active,parked,wrap_up"], ["closed", "closed,abandoned"]];
const REFRESH_S = 5;

export function Drawer() {
  const open = drawer.value;
  if (!open) return null;
  const back = open.interaction && open.queue;
  const close = () => void (drawer.value = back ? { queue: open.queue } : null);
  const title = open.interaction ? t("board.interaction") : t("board.queue", { queue: open.queue ?? "" });
  return html`<${Dialog} title=${title} onClose=${close} wide>
    ${open.queue && html`<div hidden=${Boolean(open.interaction)}><${QueueList} queue=${open.queue} /></div>`}
    ${open.interaction && html`<${InteractionDetail} key=${open.interaction} id=${open.interaction} back=${back ? close : null} />`}
  <//>`;
}

/** @param {{queue: string}} props */
function QueueList({ queue }) {
  const [state, setState] = useState(STATES[0][1]);
  const [items, setItems] = useState(/** @type {import("../desk/types.js").Interaction[] | null} */ (null));
  const [keyOnly, setKeyOnly] = useState(false);
  const [failure, setFailure] = useState("");
  const hidden = Boolean(drawer.value?.interaction);
  const beat = Math.floor(second.value / REFRESH_S);
  useEffect(() => {
    if (hidden) return undefined;
    let current = true;
    get(`/interactions?queue=${encodeURIComponent(queue)}&state=${encodeURIComponent(state)}&limit=100${keyOnly ? "&key=true" : ""}`)
      .then((page) => current && (setItems(page.items), setFailure("")))
      .catch((error) => current && setFailure(error.message));
    return () => { current = false; };
  }, [queue, state, keyOnly, beat, hidden]);
  const row = queues.value.find((one) => one.name === queue);
  const vips = state === STATES[0][1] ? (items ?? []).filter((one) => one.customer?.standing?.key).length : 0;
  return html`
    <div class="segments" role="group" aria-label=${t("board.states")}>
      ${STATES.map(([name, value]) => html`<button type="button" aria-pressed=${state === value}
        onClick=${() => { setItems(null); setState(value); }}>${t(`board.states.${name}`)}</button>`)}</div>
    <label class="switch-line"><input type="checkbox" role="switch" checked=${keyOnly} onChange=${(/** @type {any} */ event) => { setItems(null); setKeyOnly(event.target.checked); }} />
      <span>${t("board.vip")}</span></label>
    ${vips > 0 && html`<p class="hint" role="status">${t("board.vip_waiting", { count: vips })}</p>`}
    ${row && html`<p class="hint">${t("board.target", { time: span(row.target_s * 1000) })}</p>`}
    ${failure && html`<p role="alert">${failure}</p>`}
    ${!items && !failure && html`<p class="hint">${t("ui.loading")}</p>`}
    ${items?.length === 0 && html`<p class="hint">${t(keyOnly ? "board.nobody_of_these" : "board.nothing_here")}</p>`}
    ${items && items.length > 0 && html`<div class="scroller"><table class="list-table">
      <thead><tr>${["customer", "about", "position", "waits", "priority", "state"].map((name) => html`<th scope="col">${t(`board.col.${name}`)}</th>`)}</tr></thead>
      <tbody>${items.map((one) => html`<tr key=${one.id}>
        <th scope="row" class="text"><button type="button" class="row-link" onClick=${() => void (drawer.value = { queue, interaction: one.id })}>
          <${MediumIcon} medium=${one.medium} /><span class="sr-only">${word("medium", one.medium)}: </span>${nameOf(one)}</button>
          <${SegmentTags} who=${one.customer} /></th>
        <td class="about"><span class="clip">${one.subject || one.preview}</span></td>
        <td class="figure">${one.position ?? ""}</td>
        <td class="figure">${["waiting", "offered"].includes(one.state) ? span(now() - ms(one.arrived_at)) : shortTime(one.arrived_at)}</td>
        <td class="figure">${one.priority}</td>
        <td>${word("state", one.state)}</td></tr>`)}</tbody></table></div>`}`;
}
