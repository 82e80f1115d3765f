// @ts-check
/** The visitor's conversation. Nothing is stored before he agrees; then only his token and what is not yet sent. */
import { computed, signal } from "@preact/signals";
import { kept } from "../stored.js";

export const channel = document.documentElement.dataset.channel ?? "";
const KEY = `chat.${channel}`;

/** @typedef {{client_id: string, text: string, at: number, failed?: string}} Unsent */
/**
 * @typedef {{key: string, seq: number, order: number, author: "customer" | "agent" | "bot" | "line", name: string, text: string,
 *   at: string | number, client_id?: string}} Entry
 */

/** @type {{token: string | null, unsent: Unsent[], draft: string, identity: {name?: string, email?: string} | null, agreed: boolean}} */
const start = { token: null, unsent: [], draft: "", identity: null, agreed: false, ...kept.get(KEY, {}) };

export const agreed = signal(start.agreed);
export const identity = signal(start.identity);
export const token = signal(start.token);
export const unsent = signal(start.unsent);
export const draft = signal(start.draft);

export const conversation = signal(/** @type {{id: string, reference: string, state: string} | null} */ (null));
export const welcomed = signal(false);
export const open = signal(true);
export const company = signal(document.documentElement.dataset.company ?? "");
/** @type {import("@preact/signals").Signal<Entry[]>} */
export const entries = signal([]);
export const place = signal(/** @type {{position: number, expected_wait: {low_s: number, high_s: number} | null} | null} */ (null));
/** What he may choose instead of waiting. @type {import("@preact/signals").Signal<{callback?: boolean, message?: boolean, text: string, language: string, phone_example?: string} | null>} */
export const ways = signal(null);
/** Where it goes on. @type {import("@preact/signals").Signal<{way: "callback" | "message", to: string, starts_at?: string, ends_at?: string, link?: string, calendar?: string} | null>} */
export const taken = signal(null);
export const agentName = signal("");
export const agentTypesUntil = signal(0);
export const ended = signal(false);
/** The visitor has asked for a person and none is here yet. */
export const asked = signal(false);

/** Whether a machine has answered and nobody else has since. */
export const onlyBot = computed(() => {
  const last = entries.value.findLast((one) => one.author === "agent" || one.author === "bot");
  return last?.author === "bot" && !agentName.value && !ended.value && !taken.value;
});

/** The last of what the machine asks to choose from (autoresponders/texts): by it a question is told from numbered steps. */
const PERSON_PLEASE = new Set(["A person, please", "Proszę o rozmowę z człowiekiem", "Noriu kalbėti su žmogumi",
  "Munkatárssal szeretnék beszélni", "Хочу поговорить с человеком"]);
/** What the machine asks him to choose from, by number. */
export const choices = computed(() => {
  const last = onlyBot.value ? entries.value.at(-1) : null;
  const lines = last?.author === "bot" ? [...last.text.matchAll(/^(\d)\. (.+)$/gm)].map(([, number, text]) => ({ number, text })) : [];
  return PERSON_PLEASE.has(lines.at(-1)?.text ?? "") ? lines : [];
});

/** Whether the last word is an answer of the machine, and he does not wait for anybody. */
export const mayHaveHelped = computed(() =>
  onlyBot.value && !choices.value.length && !place.value && !asked.value && entries.value.at(-1)?.author === "bot");

export const lastSeq = computed(() => Math.max(0, ...entries.value.filter((one) => one.author !== "line").map((one) => one.seq)));

/** Keep what must survive a reload. */
export function remember() {
  if (!agreed.value) return;
  kept.set(KEY, {
    token: token.value, unsent: unsent.value, draft: draft.value, identity: identity.value, agreed: true,
  });
}

/** @param {Unsent[]} all */
export function setUnsent(all) {
  unsent.value = all;
  remember();
}

let order = 0;

/** Add an entry at its place; one that is known stays. @param {Omit<Entry, "order">} entry */
export function add(entry) {
  const spoken = entry.author !== "line";
  const same = (/** @type {Entry} */ one) => one.key === entry.key || (spoken && one.author !== "line" && one.seq === entry.seq);
  if (entries.value.some(same)) return false;
  const all = [...entries.value, { ...entry, order: ++order }];
  entries.value = all.sort((a, b) => a.seq - b.seq || a.order - b.order);
  return true;
}

/** A line of the house's own, such as "Anna joined". @param {number} seq @param {string} text */
export const addLine = (seq, text) => add({ key: `line-${seq}-${text}`, seq, author: "line", name: "", text, at: Date.now() });

export function clearConversation() {
  entries.value = [];
  place.value = null;
  ways.value = null;
  taken.value = null;
  agentName.value = "";
  ended.value = false;
  asked.value = false;
}
