// @ts-check
/**
 * Replies and notes on their way. Each keeps its idempotency key until the server has said yes, over lost connections
 * and reloads, so none is lost or doubled. One conversation's messages go out in their order.
 */
import { signal } from "@preact/signals";
import { post } from "../api.js";
import { now } from "../clock.js";
import { ms } from "../i18n.js";
import { newId } from "../ids.js";
import { tab } from "../stored.js";

/**
 * @typedef {{key: string, interaction: string, kind: "reply" | "note", text: string, at: number,
 *   files?: string[], cc?: string[], state: "waiting" | "sending" | "failed", error?: string, id?: string}} Outgoing
 */

export const outgoing = signal(/** @type {Outgoing[]} */ (
  tab.get("outbox", []).map((/** @type {Outgoing} */ one) => (one.state === "sending" ? { ...one, state: "waiting" } : one))
));

const RETRY_MS_MAX = 30000;
let attempts = 0;
let timer = 0;
/** Called with the view of each message that the server has taken. @type {(interaction: string, message: any) => void} */
let onTaken = () => {};
/** @param {(interaction: string, message: any) => void} listener */
export const whenTaken = (listener) => void (onTaken = listener);

/** @param {Outgoing[]} all */
function keep(all) {
  outgoing.value = all;
  tab.set("outbox", all.length ? all : null);
}

/** @param {string} key @param {Partial<Outgoing>} change */
const change = (key, change) => keep(outgoing.value.map((one) => (one.key === key ? { ...one, ...change } : one)));
/** @param {string} key */
export const discard = (key) => keep(outgoing.value.filter((one) => one.key !== key));

/**
 * @param {string} interaction @param {"reply" | "note"} kind @param {string} text
 * @param {{files?: string[], cc?: string[]}} [more] ids of files that were brought, and who gets copies
 */
export function send(interaction, kind, text, { files = [], cc = [] } = {}) {
  keep([...outgoing.value, { key: newId(), interaction, kind, text, files, cc, at: now(), state: "waiting" }]);
  flush();
}

/** Try a refused message once more, under its old key. @param {string} key */
export function retry(key) {
  change(key, { state: "waiting", error: undefined });
  flush();
}

/** Send what waits, one at a time for each conversation. */
export function flush() {
  clearTimeout(timer);
  const busy = new Set(outgoing.value.filter((one) => one.state === "sending").map((one) => one.interaction));
  for (const one of outgoing.value) {
    if (busy.has(one.interaction)) continue;
    busy.add(one.interaction);
    if (one.state === "waiting") deliver(one);
  }
}

/** @param {Outgoing} one */
async function deliver(one) {
  change(one.key, { state: "sending" });
  try {
    const body = {
      kind: one.kind,
      text: one.text,
      ...(one.files?.length ? { attachments: one.files } : {}),
      ...(one.cc?.length ? { cc: one.cc } : {}),
    };
    const view = await post(`/interactions/${encodeURIComponent(one.interaction)}/messages`, body, one.key);
    attempts = 0;
    change(one.key, { id: view?.id });
    onTaken(one.interaction, view);
    discard(one.key);
    flush();
  } catch (error) {
    refused(one, /** @type {import("../api.js").ApiError} */ (error));
  }
}

/** @param {Outgoing} one @param {import("../api.js").ApiError} error */
function refused(one, error) {
  if (!error.temporary) return change(one.key, { state: "failed", error: error.message });
  change(one.key, { state: "waiting" });
  const wait = error.retryAfterS * 1000 || Math.min(RETRY_MS_MAX, 1000 * 2 ** attempts) * (0.5 + Math.random() / 2);
  attempts += 1;
  clearTimeout(timer);
  timer = setTimeout(flush, wait);
}

/**
 * Drop what the socket has brought back before the call was answered, so that nothing shows twice.
 * @param {string} interaction @param {{id: string, author: string, text: string, at: string}[]} messages
 */
export function settleWith(interaction, messages) {
  for (const message of messages) {
    const author = message.author === "note" ? "note" : message.author === "agent" ? "reply" : "";
    const match = outgoing.value.find(
      (one) =>
        one.interaction === interaction && one.state === "sending" && one.kind === author && one.text === message.text &&
        // An older message may say the same; clocks agree within seconds.
        ms(message.at) >= one.at - 2000,
    );
    if (match) discard(match.key);
  }
}
