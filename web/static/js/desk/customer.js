// @ts-check
/** Who the customer is and what happened before, over all media. */
import { html } from "../html.js";
import { day, languageName, percent, shortTime, t, word } from "../i18n.js";
import { NotYet, useAsked } from "../ui/asked.js";
import { AskDecided } from "../ui/decided.js";
import { fact } from "../ui/facts.js";
import { Icon, MediumIcon } from "../ui/icon.js";
import { SegmentTags, StandingFacts } from "../ui/standing.js";
import { askLabel } from "./actions.js";
import { HeadFacts } from "./heads.js";
import { nameOf } from "./names.js";
import { Person } from "./person.js";
import { dialog, held, togglePanel } from "./state.js";

const HISTORY_MAX = 10;

/** @param {{id: string | null}} props */
export function CustomerPanel({ id }) {
  const one = id ? held.value[id] : undefined;
  return html`<aside class="panel" aria-label=${t("customer.panel")}>
    <header class="panel-head"><h2>${t("customer.title")}</h2>
      <button type="button" class="button quiet square" aria-label=${t("ui.close")} onClick=${togglePanel}><${Icon} name="close" /></button></header>
    ${one ? html`<${Details} one=${one} />` : html`<p class="hint">${t("customer.none")}</p>`}
  </aside>`;
}

/** @param {{one: import("./types.js").Interaction}} props */
function Details({ one }) {
  const who = one.customer;
  return html`<section>
      <p class="customer-name">${nameOf(one)} <${SegmentTags} who=${who} /></p>
      <dl class="facts">
        ${fact(t("customer.email"), who?.email && html`<a href="mailto:${who.email}">${who.email}</a>`)}
        ${fact(t("customer.reachability"), who?.reachability && html`<${Reachability} shown=${who.reachability} />`)}
        ${fact(t("customer.phone"), who?.phone && html`<a href="tel:${who.phone}">${who.phone}</a>`)}
        ${fact(t("customer.language"), languageName(who?.language ?? one.language))}
      </dl>
    </section>
    ${who?.standing && html`<${StandingFacts} standing=${who.standing} />`}
    <section><h3>${t("customer.this")}</h3>
      <dl class="facts">
        ${fact(t("interaction.reference"), one.reference || one.number)}
        ${fact(t("interaction.channel"), one.channel)}
        ${fact(t("interaction.queue"), one.queue)}
        ${fact(t("interaction.arrived"), shortTime(one.arrived_at))}
        ${fact(t("interaction.priority"), one.priority ? String(one.priority) : "")}
        ${fact(t("interaction.labels"), html`<${Labels} one=${one} />`)}
        <${HeadFacts} heads=${one.heads} />
        ${fact(t("interaction.tags"), one.tags?.length > 0 && html`<ul class="tags">${one.tags.map((tag) => html`<li class="tag">${tag}</li>`)}</ul>`)}
      </dl>
      ${one.labels?.length > 0 && html`<${AskDecided} key=${one.id} id=${one.id} />`}
    </section>
    ${who?.id && html`<${Person} key=${who.id} customer=${who.id} interaction=${one.id} asked=${one.asked_who} />`}
    ${who?.id && html`<${History} customer=${who.id} except=${one.id} />`}`;
}

/** What it is about, and who says so. @param {{one: import("./types.js").Interaction}} props */
function Labels({ one }) {
  return html`${one.labels?.length > 0 && html`<ul class="tags">${one.labels.map(
      ([name, confidence]) => html`<li class="tag">${word("label", name)} ${one.labelled_by
        ? html`<${Icon} name="user" class="small" /><span class="sr-only">${t("topic.by_person")}</span>`
        : html`<span class="figures">${percent(confidence)}</span>`}</li>`)}</ul>`}
    <button type="button" class="button quiet" onClick=${() => askLabel(one.id)}>${t("topic.correct")}</button>`;
}

/** What mail to him has shown. @param {{shown: NonNullable<NonNullable<import("./types.js").Customer>["reachability"]>}} props */
function Reachability({ shown }) {
  const line = (/** @type {string} */ text) => html`<p class="warned"><${Icon} name="warn" class="small" />${text}</p>`;
  return html`${shown.undeliverable?.map((/** @type {string} */ address) => line(t("customer.undeliverable", { address })))}
    ${shown.no_automatic_mail && line(t("customer.no_automatic_mail"))}
    ${shown.away && line(shown.away_until ? t("customer.away_until", { day: day(shown.away_until) }) : t("customer.away"))}`;
}

/** @param {{customer: string, except: string}} props */
function History({ customer, except }) {
  const asked = useAsked(`/interactions?customer=${encodeURIComponent(customer)}&limit=${HISTORY_MAX + 1}`, except);
  /** @type {import("./types.js").Interaction[] | undefined} */
  const items = asked.found?.items.filter((/** @type {any} */ one) => one.id !== except).slice(0, HISTORY_MAX);
  return html`<section><h3>${t("customer.history")}</h3>
    ${!items && html`<${NotYet} asked=${asked} />`}
    ${items?.length === 0 && html`<p class="hint">${t("customer.first_contact")}</p>`}
    <ul class="history">${items?.map((one) => html`<li key=${one.id}>
      <button type="button" onClick=${() => void (dialog.value = { name: "transcript", id: one.id })}>
        <${MediumIcon} medium=${one.medium} /><span class="sr-only">${word("medium", one.medium)}: </span>
        <span class="history-text">${one.subject || one.preview || one.queue}</span>
        <span class="history-meta">${shortTime(one.created_at)} · ${word("disposition", one.disposition) || word("state", one.state)}</span>
      </button></li>`)}</ul>
  </section>`;
}
