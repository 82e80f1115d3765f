// @ts-check
import { useState } from "preact/hooks";
import { html } from "../html.js";
import { dayTime, exactTime, known, language, t, waitRange, word } from "../i18n.js";
import { NotYet, useAsked } from "../ui/asked.js";
import { Decided } from "../ui/decided.js";
import { Facts } from "../ui/facts.js";
import { Icon, MediumIcon } from "../ui/icon.js";
import { nameOf } from "../desk/names.js";
import { Transcript } from "../desk/transcript.js";
import { agentName, dialog } from "./state.js";

const TABS = ["transcript", "timeline", "explain"];

/** @param {{id: string, back: (() => void) | null}} props */
export function InteractionDetail({ id, back }) {
  const [tab, setTab] = useState(TABS[0]);
  const asked = useAsked(`/interactions/${encodeURIComponent(id)}`, dialog.value);
  /** @type {import("../desk/types.js").Interaction | null} */
  const one = asked.found;
  if (!one) return html`<${NotYet} asked=${asked} />`;
  return html`<div class="detail">
    <div class="detail-head">
      ${back && html`<button type="button" class="button quiet" onClick=${back}><${Icon} name="left" />${t("board.back_to_queue")}</button>`}
      <p class="detail-name"><${MediumIcon} medium=${one.medium} /><strong>${nameOf(one)}</strong>
        <span class="tag">${word("state", one.state)}</span><span class="hint">${one.reference || one.number} · ${one.queue} · ${dayTime(one.arrived_at)}
        ${one.agent && ` · ${agentName(one.agent)}`}${one.position ? ` · ${t("board.position", { position: one.position })}` : ""}
        ${one.expected_wait ? ` · ${waitRange(one.expected_wait)}` : ""}</span></p>
      <${Steering} one=${one} />
    </div>
    <div class="segments" role="group" aria-label=${t("board.view")}>
      ${TABS.map((name) => html`<button type="button" aria-pressed=${tab === name} onClick=${() => setTab(name)}>${t(`board.tab.${name}`)}</button>`)}</div>
    ${tab === "transcript" && html`<${Transcript} id=${id} medium=${one.medium} language=${one.language} />`}
    ${tab === "timeline" && html`<${Timeline} id=${id} />`}
    ${tab === "explain" && html`<${Explanation} id=${id} />`}
  </div>`;
}

/** @param {{one: import("../desk/types.js").Interaction}} props */
function Steering({ one }) {
  const ask = (/** @type {string} */ name) => () => void (dialog.value = { name, interaction: one });
  const waits = ["waiting", "offered"].includes(one.state);
  if (["closed", "abandoned"].includes(one.state)) return null;
  return html`<div class="detail-actions" role="group" aria-label=${t("desk.actions")}>
    ${waits && html`<button type="button" class="button" onClick=${ask("priority")}><${Icon} name="up" />${t("steer.priority")}</button>
      <button type="button" class="button" onClick=${ask("move")}><${Icon} name="transfer" />${t("steer.move")}</button>`}
    <button type="button" class="button ending" onClick=${ask("close")}><${Icon} name="end" />${t("steer.close")}</button>
  </div>`;
}

/** @param {{id: string}} props */
function Timeline({ id }) {
  const asked = useAsked(`/interactions/${encodeURIComponent(id)}/events`);
  if (!asked.found) return html`<${NotYet} asked=${asked} />`;
  return html`<ol class="timeline">${asked.found.items.map((/** @type {any} */ one) => {
    const key = `event.${one.type}`;
    return html`<li key=${one.seq}><time class="figures" datetime=${one.at}>${exactTime(one.at)}</time>
      <div><p>${known(key) ? t(key, { agent: agentName(one.agent), queue: one.queue ?? "" }) : one.type}</p>
        ${one.data && Object.keys(one.data).length > 0 && html`<details><summary>${t("board.event_data", { seq: String(one.seq) })}</summary><${Facts} value=${one.data} /></details>`}
      </div></li>`;
  })}</ol>`;
}

/** @param {{id: string}} props */
function Explanation({ id }) {
  const asked = useAsked(`/interactions/${encodeURIComponent(id)}/explain?language=${language}`);
  const why = asked.found;
  if (!why) return html`<${NotYet} asked=${asked} />`;
  const { agents = [], text } = why;
  return html`<div class="explain">
    ${text.split("\n").map((/** @type {string} */ line) => html`<p>${line}</p>`)}
    ${why.decided && html`<h3>${t("decided.title")}</h3><${Decided} decided=${why.decided} />`}
    ${agents.length > 0 && html`<table class="list-table"><caption>${t("explain.agents")}</caption><tbody>
      ${agents.map((/** @type {any} */ one) => html`<tr key=${one.agent}><th scope="row" class="text">${agentName(one.agent)}</th>
        <td class=${one.fails ? "" : "good"}><${Icon} name=${one.fails ? "close" : "check"} class="small" />${one.text ?? t("explain.qualifies")}</td></tr>`)}
    </tbody></table>`}
  </div>`;
}
