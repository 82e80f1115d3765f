// @ts-check
/** Answers that may help: never sent by themselves. Tab puts the first into an empty reply, one key judges it. */
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { get, post } from "../api.js";
import { html } from "../html.js";
import { percent, t } from "../i18n.js";
import { toast, toastError } from "../ui/toast.js";
import { draft, keepDraft } from "./drafts.js";

/**
 * @typedef {{article: string, title: string, answer: string, language: string, probability: number, band: string,
 *   sent: boolean, judged: boolean | null, source: string}} Suggestion
 */

/** By interaction; a key exists once they were asked for. */
export const suggested = signal(/** @type {Record<string, Suggestion[]>} */ ({}));

/** @param {string} id */
const of = (id) => `/interactions/${encodeURIComponent(id)}/suggestions`;

/** @param {string} id @param {Suggestion[]} items */
const keep = (id, items) => void (suggested.value = { ...suggested.value, [id]: items });

/** What the customer has not had yet. @param {string} id */
export const offered = (id) => (suggested.value[id] ?? []).filter((one) => !one.sent);

/** Put an answer into the reply, behind what stands there. @param {string} id @param {Suggestion} one */
export function use(id, one) {
  const before = draft(id, "reply").trimEnd();
  keepDraft(id, "reply", before ? `${before}\n\n${one.answer}` : one.answer);
  post(`${of(id)}/${encodeURIComponent(one.article)}/used`).catch(toastError);
}

/** Say whether an article answers. @param {string} id @param {Suggestion | undefined} one @param {boolean} right */
export function judge(id, one, right) {
  if (!one) return;
  post(`${of(id)}/${encodeURIComponent(one.article)}/judge`, { right })
    .then((answer) => { keep(id, answer.items); toast(t(right ? "suggest.judged.right" : "suggest.judged.wrong", { title: one.title })); })
    .catch(toastError);
}

/** @param {{one: import("./types.js").Interaction}} props */
export function Suggestions({ one }) {
  const asks = one.unanswered_since;
  useEffect(() => {
    get(of(one.id)).then((answer) => keep(one.id, answer.items)).catch(() => keep(one.id, []));
  }, [one.id, asks, one.messages]);
  const items = suggested.value[one.id] ?? [];
  if (!items.length) return null;
  return html`<section class="suggestions" aria-label=${t("suggest.title")}>
    <p class="hint" id="suggest-${one.id}">${t("suggest.hint")}</p>
    <ul>${items.map((each) => html`<li key=${each.article}>
      <button type="button" class="row-link" lang=${each.language || undefined} title=${each.answer} disabled=${each.sent} onClick=${() => use(one.id, each)}>${each.title}</button>
      <span class="tag band-${each.band}">${each.sent ? t("suggest.sent") : t(`suggest.band.${each.band}`)} ${percent(each.probability)}</span>
      <a class="hint" href=${each.source} target="_blank" rel="noopener">${t("suggest.source")}<span class="sr-only"> ${each.title}</span></a>
      <span class="spring"></span>
      ${[true, false].map((right) => html`<button type="button" class="button quiet square" aria-pressed=${each.judged === right}
        aria-label=${t(right ? "suggest.right" : "suggest.wrong", { title: each.title })} onClick=${() => judge(one.id, each, right)}>
        <span aria-hidden="true">${right ? "👍" : "👎"}</span></button>`)}
    </li>`)}</ul></section>`;
}
