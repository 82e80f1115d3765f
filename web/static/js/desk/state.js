// @ts-check
/** What the desk shows. Frames write it (frames.js), components read it. */
import { computed, signal } from "@preact/signals";
import { ms } from "../i18n.js";
import { kept, tab } from "../stored.js";

/** @import { Agent, Interaction, Message, Offer } from "./types.js" */

export const me = signal(/** @type {{id: string, name: string, role: string, agent: string | null} | null} */ (null));
export const agent = signal(/** @type {Agent | null} */ (null));
export const offers = signal(/** @type {Offer[]} */ ([]));
export const held = signal(/** @type {Record<string, Interaction>} */ ({}));
export const queues = signal(/** @type {string[]} */ ([]));
export const colleagues = signal(/** @type {{id: string, name: string, presence: string}[]} */ ([]));
/** Whether the first snapshot has come. */
export const loaded = signal(false);

/** Messages by interaction; a key exists once they were asked for. */
export const threads = signal(/** @type {Record<string, Message[]>} */ ({}));
/** Local instants until which each customer counts as typing. */
export const typing = signal(/** @type {Record<string, number>} */ ({}));
/** Number of the last message that was on screen, by interaction. Kept, so that a reload doesn't read for him. */
export const seen = signal(/** @type {Record<string, number>} */ (tab.get("seen", {})));

export const selected = signal(/** @type {string | null} */ (tab.get("selected")));
/** Conversations that stay open beside the selected one. */
export const pinned = signal(/** @type {string[]} */ (tab.get("pinned", [])));
export const COLUMNS_MAX = 3;
/** Whether the customer panel is open; on narrow screens it covers the conversation. */
export const panelOpen = signal(/** @type {boolean} */ (kept.get("panel", innerWidth >= 1100)));
/** Which dialog is open: its name and what it is about. */
export const dialog = signal(/** @type {{name: string, id?: string, mail?: any} | null} */ (null));

/** Since when each customer waits for an answer; null if it is our turn no more. @param {Interaction} one */
export const waitsSince = (one) => (one.state === "active" && one.medium !== "callback" ? ms(one.unanswered_since) : NaN);

/** The longest waiting customer first, then what rests; wrap-up on top, because its timer runs. */
export const list = computed(() => {
  const rank = (/** @type {Interaction} */ one) => {
    if (one.state === "wrap_up") return 0;
    if (one.state === "parked") return 3;
    return Number.isNaN(waitsSince(one)) && one.medium !== "callback" ? 2 : 1;
  };
  const since = (/** @type {Interaction} */ one) => {
    const waiting = waitsSince(one);
    return Number.isNaN(waiting) ? ms(one.accepted_at ?? one.arrived_at) : waiting;
  };
  return Object.values(held.value).sort((a, b) => rank(a) - rank(b) || since(a) - since(b) || a.id.localeCompare(b.id));
});

const width = signal(innerWidth);
addEventListener("resize", () => void (width.value = innerWidth));
const COLUMN_PX_MIN = 400;
const LIST_PX = 312;
const PANEL_PX = 296;

/** How many conversations fit side by side. */
const room = computed(() => {
  const free = width.value - LIST_PX - (panelOpen.value && width.value > 1100 ? PANEL_PX : 0);
  return Math.max(1, Math.min(COLUMNS_MAX, Math.floor(free / COLUMN_PX_MIN)));
});

/** The conversations on screen, left to right: the pinned ones in their order, and always the selected one. */
export const columns = computed(() => {
  const ids = pinned.value.filter((id) => id in held.value);
  const one = selected.value && selected.value in held.value ? selected.value : null;
  if (!one) return width.value < 760 ? [] : ids.slice(0, room.value);
  if (ids.slice(0, room.value).includes(one)) return ids.slice(0, room.value);
  return [...ids.filter((id) => id !== one).slice(0, room.value - 1), one];
});

/** How many of the customer's messages are unread. @param {string} id */
export function unread(id) {
  const read = seen.value[id] ?? 0;
  return (threads.value[id] ?? []).filter((one) => one.author === "customer" && (one.number ?? 0) > read).length;
}

/** What the title's number says: offers and conversations with something unread. */
export const attention = computed(() => offers.value.length + Object.keys(held.value).filter((id) => unread(id) > 0).length);

/** The conversation whose text field takes the focus as soon as it is there. */
export const focusWish = { id: /** @type {string | null} */ (null) };

/** @param {string | null} id @param {boolean} [focus] whether what is typed next belongs there */
export function select(id, focus = true) {
  selected.value = id;
  focusWish.id = focus ? id : null;
  tab.set("selected", id);
  if (id) read(id);
}

/** Count everything in the conversation as read. @param {string} id */
export function read(id) {
  const last = Math.max(0, ...(threads.value[id] ?? []).map((one) => one.number ?? 0));
  if ((seen.value[id] ?? 0) >= last) return;
  seen.value = { ...seen.value, [id]: last };
  tab.set("seen", seen.value);
}

/** @param {string} id */
export function togglePin(id) {
  const now = pinned.value.filter((one) => one in held.value);
  pinned.value = now.includes(id) ? now.filter((one) => one !== id) : [...now, id].slice(-COLUMNS_MAX);
  tab.set("pinned", pinned.value);
}

export function togglePanel() {
  panelOpen.value = !panelOpen.value;
  kept.set("panel", panelOpen.value);
}

/** Move through the list. @param {1 | -1} step */
export function selectNext(step) {
  const ids = list.value.map((one) => one.id);
  if (!ids.length) return;
  const at = ids.indexOf(selected.value ?? "");
  select(ids[at < 0 ? 0 : (at + step + ids.length) % ids.length]);
}

/** @param {any} value an id or a view */
export const idOf = (value) => (typeof value === "string" ? value : value?.id);
