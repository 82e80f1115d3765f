// @ts-check
/** What a customer is to us, and why: the words for `standing` of docs/reference/sockets.md. */
import { html } from "../html.js";
import { language, money, percent, shortTime, t, word } from "../i18n.js";
import { fact } from "./facts.js";
import { Icon } from "./icon.js";

/**
 * @typedef {{code: string, terms: Record<string, any>}} Reason
 * @typedef {{segments: string[], own: string | null, reasons: {segment: string, reasons: Reason[]}[], orders: number | null,
 *   spent: number | null, currency: string | null, value: number | null, churn: number | null, churn_of: string | null,
 *   churn_band: string | null, rfm: string | null, tier: string | null, place: number | null, of: number | null,
 *   key: boolean, owner: string | null, last_purchase_at: string | null, contract_end: string | null}} Standing
 */

const ordinals = new Intl.PluralRules(language, { type: "ordinal" });

/** One reason in words. @param {Reason} reason @param {Standing} standing */
function said(reason, standing) {
  const terms = { ...reason.terms };
  if (terms.place !== undefined) {
    terms.count = terms.of;
    terms.place = t(`ordinal.${ordinals.select(terms.place)}`, { n: terms.place });
  }
  if (terms.days !== undefined) terms.count = terms.days;
  if (terms.share !== undefined) terms.share = Math.round(100 * terms.share);
  return t(`standing.${reason.code.replace(/^segment_/, "")}`, { currency: standing.currency ?? "", ...terms });
}

/** Why he is of a segment, in words; "" if nobody says. @param {Standing | null | undefined} standing @param {string} segment */
function whyOf(standing, segment) {
  if (!standing) return "";
  if (standing.own === segment) return t("standing.own");
  const found = standing.reasons.find((one) => one.segment === segment);
  return found ? found.reasons.map((one) => said(one, standing)).join(", ") : "";
}

/** All that he is, each as a tag; the reason is its title. @param {{who: {segment?: string, standing?: Standing | null} | null}} props */
export function SegmentTags({ who }) {
  const all = who?.standing?.segments?.length ? who.standing.segments : who?.segment ? [who.segment] : [];
  return html`${all.map((one) => html`<span key=${one} class="tag strong" title=${whyOf(who?.standing, one)}>${word("segment", one)}</span> `)}`;
}

/** The first segment's reason as a line of its own. @param {{who: {standing?: Standing | null} | null}} props */
export function StandingLine({ who }) {
  const standing = who?.standing;
  const first = standing?.segments?.[0];
  const why = first ? whyOf(standing, first) : "";
  return why ? html`<p class="hint">${word("segment", first)}: ${why}</p>` : null;
}

/** What he is worth, as facts. @param {{standing: Standing}} props */
export function StandingFacts({ standing }) {
  const whys = standing.segments.map((one) => [one, whyOf(standing, one)]).filter(([, why]) => why);
  return html`<section><h3>${t("standing.title")}</h3>
    <dl class="facts">
      ${fact(t("standing.why"), whys.length > 0 && whys.map(([one, why]) => html`<p key=${one}>${word("segment", one)}: ${why}</p>`))}
      ${fact(t("standing.tier"), standing.tier)}
      ${fact(t("standing.value"), standing.value !== null && money(standing.value, standing.currency))}
      ${fact(t("standing.spent_lately"), standing.spent !== null && money(standing.spent, standing.currency))}
      ${fact(t("standing.last"), standing.last_purchase_at && shortTime(standing.last_purchase_at))}
      ${fact(t("standing.churn"), standing.churn !== null && html`<${Risk} standing=${standing} />`)}
      ${fact(t("standing.contract"), standing.contract_end && shortTime(standing.contract_end))}
      ${fact(t("standing.rfm"), standing.rfm)}
      ${fact(t("standing.owner"), standing.owner)}
    </dl>
  </section>`;
}

/** The band in a word, with an icon where it is high: colour alone says nothing. @param {{standing: Standing}} props */
function Risk({ standing }) {
  const high = standing.churn_band === "high";
  return html`<span class=${high ? "warned" : ""}>${high && html`<${Icon} name="warn" class="small" />`}
    ${t(`standing.churn.${standing.churn_band}`)} <span class="figures">(${percent(standing.churn ?? 0)})</span></span>`;
}
