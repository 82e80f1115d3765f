// @ts-check
/** A callback: read who it is, call, say how it went. */
import { html } from "../html.js";
import { dayTime, t, word } from "../i18n.js";
import { Icon } from "../ui/icon.js";
import { callOutcome, running } from "./actions.js";
import { nameOf } from "./names.js";

const OUTCOMES = ["reached", "no_answer", "busy", "voicemail", "wrong_number"];

/** Groups of three from the end are easier to dial. @param {string} phone */
const grouped = (phone) => phone.replace(/\B(?=(\d{3})+$)/g, "\u00a0");

/** @param {{one: import("./types.js").Interaction}} props */
export function CallPanel({ one }) {
  const phone = one.customer?.phone ?? "";
  const resting = running.value[`act:${one.id}`];
  return html`<section class="call" aria-label=${t("desk.call.title")}>
    <div class="call-number">
      <div><p class="call-name">${nameOf(one)}</p><p class="call-digits">${phone ? grouped(phone) : t("desk.call.no_number")}</p></div>
      ${phone && html`<a class="button primary" href="tel:${phone}"><${Icon} name="callback" />${t("desk.call.now")}</a>`}
    </div>
    <p class="hint">${t("desk.call.asked_at", { time: dayTime(one.arrived_at) })}
      ${one.attempts > 0 ? ` · ${t("desk.call.attempts", { count: one.attempts })}` : ""}</p>
    <div role="group" aria-labelledby="outcome-${one.id}">
      <p class="group-title" id="outcome-${one.id}">${t("desk.call.outcome")}</p>
      <div class="outcomes">${OUTCOMES.map((outcome) => html`<button type="button" class="button ${outcome === "reached" ? "good" : ""}"
        disabled=${resting} onClick=${() => callOutcome(one.id, outcome)}>${word("outcome", outcome)}</button>`)}</div>
    </div>
  </section>`;
}
