// @ts-check
/** What an operator does. Each call's news comes back over the socket; here only refusals are told. */
import { signal } from "@preact/signals";
import { post } from "../api.js";
import { t } from "../i18n.js";
import { toast, toastError } from "../ui/toast.js";
import { agent, dialog, held, offers, queues, select, selected } from "./state.js";

/** Keys of actions that run, so that their buttons rest meanwhile. */
export const running = signal(/** @type {Record<string, boolean>} */ ({}));

/**
 * Run an action once at a time and tell a refusal. Returns whether it was done.
 * @param {string} key @param {() => Promise<any>} action
 */
export async function run(key, action) {
  if (running.value[key]) return false;
  running.value = { ...running.value, [key]: true };
  try {
    await action();
    return true;
  } catch (error) {
    toastError(error);
    return false;
  } finally {
    const { [key]: _, ...rest } = running.value;
    running.value = rest;
  }
}

/** @param {string} id */
const of = (id) => `/interactions/${encodeURIComponent(id)}`;

/** @param {string} id of the offer @param {Set<string>} expected */
export async function accept(id, expected) {
  const interaction = offers.value.find((one) => one.id === id)?.interaction.id;
  if (interaction) expected.add(interaction);
  const done = await run(`offer:${id}`, () => post(`/offers/${encodeURIComponent(id)}/accept`));
  if (!done && interaction) expected.delete(interaction);
}

/** @param {string} id @param {string} reason */
export const decline = (id, reason) => run(`offer:${id}`, () => post(`/offers/${encodeURIComponent(id)}/decline`, { reason }));

/** @param {Record<string, any>} change presence, reason, after_current, media */
export function setPresence(change) {
  const mine = agent.value;
  if (!mine) return Promise.resolve(false);
  return run("presence", () => post(`/agents/${encodeURIComponent(mine.id)}/presence`, change));
}

/** @param {string} id */
export const end = (id) => run(`act:${id}`, () => post(`${of(id)}/end`));
/** @param {string} id */
export const resume = (id) => run(`act:${id}`, () => post(`${of(id)}/resume`));

/** @param {string} id @param {string | null} until */
export async function park(id, until) {
  const done = await run(`act:${id}`, () => post(`${of(id)}/park`, until ? { until } : {}));
  if (done) toast(t("desk.parked"));
}

/** @param {string} id @param {string} queue @param {string} note */
export async function transfer(id, queue, note) {
  const done = await run(`act:${id}`, () => post(`${of(id)}/transfer`, { queue, note }));
  if (done) {
    dialog.value = null;
    toast(t("desk.transfer.done"));
  }
  return done;
}

/** @param {string} id @param {string | null} disposition @param {string} note */
export const wrapUp = (id, disposition, note) =>
  run(`act:${id}`, () => post(`${of(id)}/wrap-up`, { ...(disposition && { disposition }), ...(note && { note }) }));
/** @param {string} id */
export const extendWrapUp = (id) => run(`extend:${id}`, () => post(`${of(id)}/wrap-up/extend`));
/** @param {string} id @param {string} outcome */
export const callOutcome = (id, outcome) => run(`act:${id}`, () => post(`/callbacks/${encodeURIComponent(id)}/outcome`, { outcome }));

export const current = () => (selected.value ? held.value[selected.value] : undefined);

/** Open the transfer dialog for the conversation, if it can be transferred. @param {string | undefined} id */
export function askTransfer(id = current()?.id) {
  const one = id ? held.value[id] : undefined;
  if (!one || !["active", "parked"].includes(one.state) || !queues.value) return;
  select(one.id);
  dialog.value = { name: "transfer", id: one.id };
}

/** Open the list of labels for the conversation. @param {string | undefined} id */
export function askLabel(id = current()?.id) {
  if (!id || !held.value[id]) return;
  select(id);
  dialog.value = { name: "label", id };
}
