// @ts-check
import { now, second } from "../clock.js";
import { html } from "../html.js";
import { ms, span, t, word } from "../i18n.js";
import { Icon, MediumIcon } from "../ui/icon.js";
import { agentFilter, agents, dialog, drawer } from "./state.js";

const ORDER = ["not_responding", "disconnected", "available", "busy", "away", "offline"];
const AWAY_LONG_MS = 15 * 60000;
/** @type {Record<string, (one: import("./state.js").Agent) => boolean>} */
const FILTERS = {
  all: () => true,
  online: (one) => one.presence !== "offline",
  attention: (one) => ["not_responding", "disconnected"].includes(one.presence) || isLongAway(one),
};

/** @param {import("./state.js").Agent} one */
const isLongAway = (one) => one.presence === "away" && now() - ms(one.since) > AWAY_LONG_MS;

export function AgentGrid() {
  second.value;
  const shown = agents.value.filter(FILTERS[agentFilter.value]);
  shown.sort((a, b) => ORDER.indexOf(a.presence) - ORDER.indexOf(b.presence) || a.name.localeCompare(b.name));
  return html`<section class="card" aria-labelledby="agents-title">
    <div class="card-head"><h2 id="agents-title">${t("board.agents")} <span class="figures">${shown.length}</span></h2>
      <div class="segments" role="group" aria-label=${t("board.filter")}>
        ${Object.keys(FILTERS).map((name) => html`<button type="button" aria-pressed=${agentFilter.value === name}
          onClick=${() => void (agentFilter.value = name)}>${t(`board.filter.${name}`)}</button>`)}
      </div></div>
    <ul class="agents">${shown.map((one) => html`<${AgentCard} key=${one.id} one=${one} />`)}</ul>
    ${shown.length === 0 && html`<p class="hint">${t("board.no_agents")}</p>`}
  </section>`;
}

/** @param {{one: import("./state.js").Agent}} props */
function AgentCard({ one }) {
  const since = now() - ms(one.since);
  return html`<li class="agent ${one.presence}">
    <div class="agent-head">
      <span class="dot ${one.presence}"></span><strong class="clip">${one.name}</strong>
      <button type="button" class="button quiet square" aria-label=${t("board.force.of", { name: one.name })} title=${t("board.force")}
        onClick=${() => void (dialog.value = { name: "presence", agent: one.id })}><${Icon} name="gear" /></button>
    </div>
    <p class="agent-state">${isLongAway(one) && html`<${Icon} name="warn" class="small" />`}${word("presence", one.presence)}
      ${one.reason && ` · ${word("reason", one.reason)}`} <span class="figures">${span(since)}</span>
      ${!one.connected && one.presence !== "offline" && html`<span class="tag">${t("board.no_socket")}</span>`}</p>
    <div class="agent-load"><meter min="0" max=${one.capacity || 1} value=${one.used} aria-label=${t("desk.load.title")}></meter>
      <span class="figures">${one.used}/${one.capacity}</span></div>
    <ul class="agent-work">${one.interactions.map((work) => html`<li key=${work.id}>
      <button type="button" class="chip" onClick=${() => void (drawer.value = { interaction: work.id })}>
        <${MediumIcon} medium=${work.medium} /><span class="sr-only">${word("medium", work.medium)}, ${word("state", work.state)} </span>
        <span class="figures">${span(now() - ms(work.since))}</span></button></li>`)}</ul>
  </li>`;
}
