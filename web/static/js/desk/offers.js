// @ts-check
import { html } from "../html.js";
import { now, second } from "../clock.js";
import { languageName, ms, secondsShort, span, t, word } from "../i18n.js";
import { whyInWords } from "../ui/codes.js";
import { Icon, MediumIcon } from "../ui/icon.js";
import { Menu } from "../ui/menu.js";
import { SegmentTags, StandingLine } from "../ui/standing.js";
import { accept, decline, running } from "./actions.js";
import { expected } from "./frames.js";
import { HeadTags } from "./heads.js";
import { bindings, cap, enabled } from "./keys.js";
import { nameOf } from "./names.js";
import { secondsLeft } from "./offer_words.js";
import { offers } from "./state.js";

const REASONS = ["busy_with_other", "wrong_skill", "personal", "technical", "other"];

export function OfferCards() {
  return html`<div class="offers">
    ${offers.value.map((offer, at) => html`<${OfferCard} key=${offer.id} offer=${offer} first=${at === 0} />`)}
  </div>`;
}

/** @param {{offer: import("./types.js").Offer, first: boolean}} props */
function OfferCard({ offer, first }) {
  second.value;
  const one = offer.interaction;
  const left = secondsLeft(offer);
  const whole = offer.expires_at ? (ms(offer.expires_at) - ms(offer.offered_at)) / 1000 : 1;
  // His own load stands in the top bar; it is a reason only for those who compare agents.
  const why = (offer.why ?? []).filter((line) => !line.startsWith("load:"));
  const resting = running.value[`offer:${offer.id}`] || left === 0;
  return html`<article class="offer ${left !== null && left <= 10 ? "last" : ""}" id="offer-${offer.id}" tabindex="-1" aria-labelledby="offer-name-${offer.id}">
    ${left !== null && html`<div class="countdown" aria-hidden="true"><div style=${{ transform: `scaleX(${Math.min(1, left / whole)})` }}></div></div>`}
    <h2 class="offer-head" id="offer-name-${offer.id}">
      <${MediumIcon} medium=${one.medium} /><span>${word("medium", one.medium)}</span>
      <span class="queue-name">${one.queue}</span>
      ${left !== null && html`<span class="figures seconds">${secondsShort(left)}</span>`}
    </h2>
    <p class="offer-who">
      <strong>${nameOf(one)}</strong>
      <${SegmentTags} who=${one.customer} />
      ${one.language && html`<span class="tag">${languageName(one.language)}</span>`}
      <${HeadTags} heads=${one.heads} />
      <span class="waited"><${Icon} name="clock" class="small" />${t("desk.offer.waited", { time: span(now() - ms(one.arrived_at)) })}</span>
    </p>
    <${StandingLine} who=${one.customer} />
    ${one.subject && html`<p class="offer-subject">${one.subject}</p>`}
    ${one.preview && html`<p class="offer-preview" lang=${one.language ?? undefined}>${one.preview}</p>`}
    ${why.length > 0 && html`<ul class="why" aria-label=${t("desk.offer.why")}>${why.map((line) => html`<li>${whyInWords(line)}</li>`)}</ul>`}
    <div class="offer-buttons">
      <button type="button" class="button accept" disabled=${resting} onClick=${() => accept(offer.id, expected)}>
        <${Icon} name="check" />${t("desk.offer.accept")}
        ${first && enabled.value && html`<kbd>${cap(bindings.value.accept)}</kbd>`}
      </button>
      <span data-decline><${Menu} label=${t("desk.offer.decline")} align="end" disabled=${resting}>
        ${(/** @type {() => void} */ close) => html`<p class="menu-title">${t("desk.offer.decline_why")}</p>
          ${REASONS.map((reason) => html`<button type="button" class="menu-item"
            onClick=${() => { close(); decline(offer.id, reason); }}>${word("decline", reason)}</button>`)}`}
      <//></span>
    </div>
  </article>`;
}
