// @ts-check
/** How mail comes in: told at once where a mailbox can't be read, and shown for each of them. */
import { useEffect, useState } from "preact/hooks";
import { get } from "../api.js";
import { html } from "../html.js";
import { dayTime, number, t } from "../i18n.js";
import { NotYet } from "../ui/asked.js";
import { Dialog } from "../ui/dialog.js";
import { fact } from "../ui/facts.js";
import { Icon } from "../ui/icon.js";
import { failing, mailboxesOpen } from "./state.js";

/**
 * @typedef {{channel: string, address: string, protocol: string, server: string, folder: string, state: string,
 *   trouble: string | null, told: string, failing_since: string | null, next_try_at: string | null,
 *   last_mail_at: string | null, last_contact_at: string | null, lag: number, server_count: number, stored_count: number,
 *   counted_at: string | null, taken: number, refused: number, put_off: number, connections: number}} Mailbox
 */

/** How often the open list is asked for anew. */
const ASK_MS = 5000;

/** The line that stands on the wallboard as long as a mailbox can't be read. */
export function MailboxAlarm() {
  const count = failing.value;
  return html`<div role="status">${count > 0 && html`<div class="banner red">
    <${Icon} name="warn" /><span>${t("mailboxes.alarm", { count })}</span>
    <button type="button" class="button" onClick=${() => void (mailboxesOpen.value = true)}>${t("mailboxes.look")}</button></div>`}</div>`;
}

export function MailboxesDialog() {
  if (!mailboxesOpen.value) return null;
  return html`<${Dialog} title=${t("mailboxes.title")} wide onClose=${() => void (mailboxesOpen.value = false)}><${Mailboxes} /><//>`;
}

/** What needs a look comes first. @param {Mailbox[]} items */
const sorted = (items) => [...items].sort((a, b) => Number(b.state === "failing") - Number(a.state === "failing"));

function Mailboxes() {
  const [items, setItems] = useState(/** @type {Mailbox[] | null} */ (null));
  const [failure, setFailure] = useState("");
  useEffect(() => {
    const ask = () => get("/mailboxes")
      .then((answer) => { setItems(sorted(answer.items)); setFailure(""); })
      .catch((error) => setFailure(error.message));
    void ask();
    const asking = setInterval(ask, ASK_MS);
    return () => clearInterval(asking);
  }, []);
  if (failure || !items) return html`<${NotYet} asked=${{ failure }} />`;
  if (!items.length) return html`<p class="hint">${t("mailboxes.none")}</p>`;
  return html`<ul class="mailboxes">${items.map((one) => html`<${One} key=${`${one.channel} ${one.folder}`} one=${one} />`)}</ul>`;
}

/** @param {{one: Mailbox}} props */
function One({ one }) {
  const fetched = one.protocol === "imap";
  const told = (/** @type {string} */ name, /** @type {any} */ value) => fact(t(`mailboxes.${name}`), value ?? "–");
  const at = (/** @type {string | null} */ instant) => (instant ? dayTime(instant) : "–");
  return html`<li class=${one.state}>
    <h3>${one.address}${one.folder && html` <span class="hint">${one.folder}</span>`}</h3>
    <p class="mailbox-state"><${Icon} name=${one.state === "failing" ? "warn" : "check"} />${t(`mailboxes.state.${one.state}`)}
      <span class="hint">${one.channel} · ${one.protocol.toUpperCase()} · ${one.server}</span></p>
    ${one.trouble && html`<p class="mailbox-trouble">${t(`mailboxes.trouble.${one.trouble}`)}</p>
      <p class="hint"><q>${one.told}</q></p>`}
    <dl class="facts">
      ${one.trouble && told("since", at(one.failing_since))}
      ${one.trouble && one.next_try_at && told("next_try", at(one.next_try_at))}
      ${told("last_mail", at(one.last_mail_at))}
      ${fetched && told("last_contact", at(one.last_contact_at))}
      ${fetched && one.counted_at && told("kept", t("mailboxes.of", { kept: number(one.stored_count), all: number(one.server_count) }))}
      ${fetched && one.lag > 0 && told("lag", number(one.lag))}
      ${fetched && one.counted_at && told("counted", at(one.counted_at))}
      ${!fetched && told("taken", number(one.taken))}
      ${!fetched && told("refused", number(one.refused))}
      ${!fetched && told("put_off", number(one.put_off))}
      ${!fetched && told("connections", number(one.connections))}
    </dl></li>`;
}
