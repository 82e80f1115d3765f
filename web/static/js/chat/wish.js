// @ts-check
/** What the visitor chooses instead of waiting: kept over a reload, asked for until the server has an answer. */
import { computed, effect, signal } from "@preact/signals";
import { day, known, ms, t } from "../i18n.js";
import { newId } from "../ids.js";
import { kept } from "../stored.js";
import { agreed, channel, conversation, taken, ways } from "./state.js";

const KEY = `chat.${channel}.wish`;
const RETRY_MS = 2000;
const PHONE_MAX = 40;

/** @typedef {{way: "" | "callback" | "message", phone: string, when: "now" | "slot", slot: string, email: string, text: string}} Wish */
/** @type {Wish} */
const EMPTY = { way: "", phone: "", when: "now", slot: "", email: "", text: "" };

export const wish = signal(/** @type {Wish} */ ({ ...EMPTY, ...kept.get(KEY, {}) }));
/** The times that he may choose, null until they have come. */
export const slots = signal(/** @type {{items: string[], length_s: number, more: boolean} | null} */ (null));
/** The frame that waits for its answer. @type {import("@preact/signals").Signal<any>} */
export const pending = signal(null);
/** What is wrong, and with which field. */
export const fault = signal(/** @type {{field: string, text: string} | null} */ (null));

/** Whether there is anything to choose from. */
export const shown = computed(() => !!(ways.value && !taken.value));

/** The days on which he can be called, by his own clock, each with its times. */
export const days = computed(() => {
  /** @type {{name: string, items: string[]}[]} */
  const all = [];
  for (const start of slots.value?.items ?? []) {
    const name = day(start);
    if (all.at(-1)?.name === name) all[all.length - 1].items.push(start);
    else all.push({ name, items: [start] });
  }
  return all;
});

effect(() => {
  if (agreed.value) kept.set(KEY, wish.value.way ? wish.value : null);
});

/** @type {(frame: any) => boolean} */
let transmit = () => false;

/** The talk gives its socket. @param {(frame: any) => boolean} send */
export function sendBy(send) {
  transmit = send;
}

/** @param {Partial<Wish>} values */
export function change(values) {
  wish.value = { ...wish.value, ...values };
  fault.value = null;
}

/** @param {"" | "callback" | "message"} way */
export function choose(way) {
  change({ way });
  pending.value = null;
  if (way === "callback") askSlots();
}

/** Ask for the times, or for those behind the last one. @param {boolean} [later] */
export function askSlots(later = false) {
  const last = later ? slots.value?.items.at(-1) : undefined;
  if (!last) slots.value = null;
  transmit({ type: "slots", ...(last && { after: last }) });
}

/** @param {{items: string[], length_s: number, more?: boolean}} frame */
export function onSlots({ items, length_s, more = false }) {
  const before = slots.value?.items ?? [];
  const last = before.at(-1);
  const fresh = last ? items.filter((start) => ms(start) > ms(last)) : items;
  slots.value = { items: [...before, ...fresh], length_s, more };
  const free = slots.value.items;
  if (!free.includes(wish.value.slot)) wish.value = { ...wish.value, slot: fresh[0] ?? free[0] ?? "" };
}

/** Ask for what he has chosen. */
export function submit() {
  const { way, phone, when, slot, email, text } = wish.value;
  if (way === "callback" && !phone.trim()) return wrong("phone", "callback.error.phone.empty");
  if (way === "callback" && phone.length > PHONE_MAX) return wrong("phone", "callback.error.phone.too_long");
  if (way === "message" && !email.includes("@")) return wrong("email", "chat.way.error.bad_email");
  fault.value = null;
  const chosen = when === "slot" && slot && (slots.value?.items.length ?? 0) > 0;
  pending.value = way === "callback"
    ? { type: "callback", client_id: newId(), phone, ...(chosen && { slot }), time_zone: zone() }
    : { type: "leave_message", client_id: newId(), email, text };
  transmit(pending.value);
}

const zone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** @param {string} field @param {string} key */
function wrong(field, key) {
  fault.value = { field, text: t(key) };
}

/** The connection is back: whatever was lost is asked for again. */
export function onWelcome() {
  if (taken.value || !ways.value) pending.value = null;
  if (pending.value) transmit(pending.value);
  else if (shown.value && wish.value.way === "callback" && !slots.value) askSlots();
}

/** It goes on elsewhere. */
export function onTaken() {
  pending.value = null;
  slots.value = null;
  fault.value = null;
  wish.value = EMPTY;
}

/** Whether an error frame was about the wish. @param {any} frame */
export function onError(frame) {
  const asked = pending.value;
  if (!asked || asked.client_id !== frame.client_id) return false;
  if (["busy", "too_fast"].includes(frame.code)) {
    setTimeout(() => pending.value === asked && transmit(asked), (frame.retry_after_s ?? 0) * 1000 || RETRY_MS);
    return true;
  }
  pending.value = null;
  fault.value = { field: fieldOf(frame.code), text: said(frame.code) };
  if (fault.value.field === "slot") askSlots();
  return true;
}

/** @param {string} code */
function fieldOf(code) {
  if (code.startsWith("phone.")) return "phone";
  if (code.includes("slot")) return "slot";
  return { bad_email: "email", too_long: "text" }[code] ?? "form";
}

/** @param {string} code */
function said(code) {
  if (fieldOf(code) === "slot") return t("callback.error.slot.gone");
  const keys = [`callback.error.${code}`, `chat.way.error.${code}`, `chat.way.error.${fieldOf(code)}`];
  return t(keys.find(known) ?? "chat.way.error.form");
}

/** A conversation that is another one has other wishes. */
let of = "";
effect(() => {
  const id = conversation.value?.id ?? "";
  if (of && id && id !== of) wish.value = EMPTY;
  of = id || of;
});
