// @ts-check
/** One open conversation: head with actions, messages, and what can be done next. */
import { html } from "../html.js";
import { span, t, word } from "../i18n.js";
import { now, second } from "../clock.js";
import { Icon, MediumIcon } from "../ui/icon.js";
import { Menu } from "../ui/menu.js";
import { askTransfer, end, park, resume, running } from "./actions.js";
import { CallPanel } from "./call.js";
import { Composer } from "./composer.js";
import { Planned } from "./later.js";
import { nameOf } from "./names.js";
import { urgency } from "./list.js";
import { Thread } from "./thread.js";
import { columns, held, panelOpen, pinned, select, selected, togglePanel, togglePin, waitsSince } from "./state.js";
import { WrapUp } from "./wrap_up.js";

/** @param {{id: string, socket: import("../socket.js").LiveSocket}} props */
export function Conversation({ id, socket }) {
  const one = held.value[id];
  if (!one) return null;
  const focused = selected.value === id;
  return html`<section class="conversation ${focused ? "focused" : ""}" id="conversation-${id}" aria-labelledby="name-${id}"
    onFocusIn=${() => focused || select(id)} onPointerDown=${() => focused || select(id)}>
    <${Head} one=${one} />
    ${one.medium === "callback" && one.state !== "wrap_up" && html`<${CallPanel} one=${one} />`}
    <${Thread} one=${one} />
    <${Planned} one=${one} />
    ${one.state === "wrap_up" ? html`<${WrapUp} key=${id} one=${one} />` : html`<${Composer} key=${id} one=${one} socket=${socket} />`}
  </section>`;
}

/** @param {{one: import("./types.js").Interaction}} props */
function Head({ one }) {
  const resting = running.value[`act:${one.id}`];
  const active = one.state === "active";
  const shared = columns.value.length > 1;
  return html`<header class="conversation-head">
    <button type="button" class="button quiet square narrow-only" aria-label=${t("desk.back")} onClick=${() => select(null)}><${Icon} name="left" /></button>
    <div class="conversation-name">
      <h2 id="name-${one.id}" tabindex="-1">
        <${MediumIcon} medium=${one.medium} /><span class="sr-only">${word("medium", one.medium)}: </span><span class="clip">${nameOf(one)}</span>
      </h2>
      <p class="conversation-facts">${one.queue}<span aria-hidden="true"> · </span>${one.reference || one.number}<${Waits} one=${one} /></p>
    </div>
    <div class="conversation-actions" role="group" aria-label=${t("desk.actions")}>
      ${one.state === "parked" && html`<button type="button" class="button" disabled=${resting} onClick=${() => resume(one.id)}>
        <${Icon} name="play" /><span class="label">${t("desk.resume")}</span></button>`}
      ${(active || one.state === "parked") && html`<button type="button" class="button quiet" disabled=${resting} title=${t("desk.transfer")} onClick=${() => askTransfer(one.id)}>
        <${Icon} name="transfer" /><span class="label">${t("desk.transfer")}</span></button>`}
      ${active && html`<span data-park><${Menu} class="quiet" align="end" title=${t("desk.park")} disabled=${resting}
        label=${html`<${Icon} name="pause" /><span class="label">${t("desk.park")}</span>`}>
        ${(/** @type {() => void} */ close) => html`<${ParkChoices} one=${one} close=${close} />`}<//></span>`}
      ${(active || one.state === "parked") && html`<button type="button" class="button ending" disabled=${resting} title=${t("desk.end")} onClick=${() => end(one.id)}>
        <${Icon} name="end" /><span class="label">${t("desk.end")}</span></button>`}
      ${shared && html`<button type="button" class="button quiet square" aria-pressed=${pinned.value.includes(one.id)}
        aria-label=${t("desk.pin", { name: nameOf(one) })} onClick=${() => togglePin(one.id)}><${Icon} name="pin" /></button>`}
      <button type="button" class="button quiet square" aria-pressed=${panelOpen.value} aria-label=${t("customer.panel")}
        title=${t("customer.panel")} onClick=${togglePanel}><${Icon} name="user" /></button>
    </div>
  </header>`;
}

/** @param {{one: import("./types.js").Interaction}} props */
function Waits({ one }) {
  second.value;
  const since = waitsSince(one);
  if (Number.isNaN(since)) return one.state === "active" ? null : html`<span class="tag">${word("state", one.state)}</span>`;
  const level = urgency(one, now() - since);
  return html`<span class="waits ${level}"><${Icon} name=${level === "red" ? "alarm" : level ? "warn" : "clock"} class="small" />${t("desk.customer_waits", { time: span(now() - since) })}</span>`;
}

/** @param {{one: import("./types.js").Interaction, close: () => void}} props */
function ParkChoices({ one, close }) {
  const tomorrow = new Date(new Date().setHours(33, 0, 0, 0));
  const choices = [
    ["writes", null],
    ["15m", new Date(now() + 15 * 60000)],
    ["1h", new Date(now() + 3600000)],
    ["tomorrow", tomorrow],
  ];
  return html`<p class="menu-title">${t("desk.park.until")}</p>
    ${choices.map(([name, until]) => html`<button type="button" class="menu-item"
      onClick=${() => { close(); park(one.id, until ? /** @type {Date} */ (until).toISOString() : null); }}>${t(`desk.park.${name}`)}</button>`)}`;
}

