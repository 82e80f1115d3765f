// @ts-check
/** What the wallboard shows. */
import { batch, signal } from "@preact/signals";
import { learnFromNews } from "../clock.js";
import { ms } from "../i18n.js";
import { kept } from "../stored.js";

/** @typedef {import("../desk/types.js").Agent} Agent */
/**
 * @typedef {{name: string, waiting: number, longest_wait_since: string | null, longest_wait_s: number, offered_legs: number,
 *   answered: number, service_level: number | null, asa_s: number | null, abandon_rate: number | null, abandoned: number,
 *   short_abandoned: number, expected_wait: {low_s: number, high_s: number} | null, staffed: number, free: number,
 *   ringing: number, busy: number, wrap_up: number, away: number, offers_pending: number, backlog: number,
 *   target_s: number}} QueueRow
 * @typedef {{seq: number, at: string, event: string, interaction?: string, agent?: string, queue?: string, result?: string, text: string}} Activity
 */

export const me = signal(/** @type {any} */ (null));
export const queues = signal(/** @type {QueueRow[]} */ ([]));
export const agents = signal(/** @type {Agent[]} */ ([]));
export const activity = signal(/** @type {Activity[]} */ ([]));
/** Server's instant of the newest frame with figures, and the local one of the newest frame at all. */
export const asOf = signal(/** @type {string | null} */ (null));
export const heardAt = signal(0);
/** How much came in that could not be processed. */
export const quarantined = signal(0);
/** Whether the quarantine is open, and which of it is looked at. */
export const quarantine = signal(/** @type {{id?: string} | null} */ (null));
/** Whether the knowledge base is open, and which article is edited, or that a file of articles is looked through. */
export const knowledge = signal(/** @type {{article?: any, importing?: boolean} | null} */ (null));
/** Whether the list of what will be sent is open. */
export const sendings = signal(false);
/** Whether the model and what it asks are open: which tab, and which version's report. */
export const understanding = signal(/** @type {{tab: string, version?: string} | null} */ (null));
/** How many mailboxes can't be read, and whether the list of all of them is open. */
export const failing = signal(0);
export const mailboxesOpen = signal(false);
/** Since when no automatic reply goes out, null if they do. */
export const repliesStopped = signal(/** @type {string | null} */ (null));
/** What comes far more often than usual, and what is answered by itself. */
export const avalanches = signal(/** @type {import("./avalanches.js").Told[]} */ ([]));
/** Whether the offer of an answer for many is open, for whom, or which report. */
export const answering = signal(/** @type {{label?: string, queue?: string | null, report?: string} | null} */ (null));
/** The answer for many that was given last. */
export const bulkGiven = signal(/** @type {{id: string, label: string, answered: number, undo_until: string} | null} */ (null));
export const paused = signal(false);
/** Which drawer is open: a queue's list, or one interaction. */
export const drawer = signal(/** @type {{queue?: string, interaction?: string} | null} */ (null));
export const dialog = signal(/** @type {{name: string, [key: string]: any} | null} */ (null));
export const sorting = signal(/** @type {{column: string, down: boolean}} */ (kept.get("board_sort", { column: "waiting", down: true })));
export const agentFilter = signal("all");

const ACTIVITY_MAX = 200;
/** Lines that came while the log is paused. @type {Activity[]} */
let heldBack = [];

/** @template T @param {T[]} all @param {T[]} changed @param {(one: T) => string} key */
function updated(all, changed, key) {
  const byKey = new Map(all.map((one) => [key(one), one]));
  for (const one of changed) byKey.set(key(one), one);
  return [...byKey.values()];
}

/** @param {any} frame */
export function onFrame(frame) {
  batch(() => {
    heardAt.value = Date.now();
    if (frame.at && frame.type !== "activity") asOf.value = frame.at;
    if (frame.at && ["snapshot", "queues"].includes(frame.type)) learnFromNews(ms(frame.at));
    if (frame.type === "snapshot") {
      queues.value = frame.queues;
      agents.value = frame.agents;
      quarantined.value = frame.quarantined ?? 0;
      failing.value = frame.mailboxes_failing ?? 0;
      repliesStopped.value = frame.auto_replies_stopped ?? null;
      avalanches.value = frame.avalanches ?? [];
    } else if (frame.type === "avalanches") {
      avalanches.value = frame.items;
    } else if (frame.type === "auto_replies") {
      repliesStopped.value = frame.stopped;
    } else if (frame.type === "quarantine") {
      quarantined.value = frame.count;
    } else if (frame.type === "mailboxes") {
      failing.value = frame.failing;
    } else if (frame.type === "queues") {
      queues.value = updated(queues.value, frame.rows, (one) => one.name);
    } else if (frame.type === "agents") {
      agents.value = updated(agents.value, frame.agents, (one) => one.id);
    } else if (frame.type === "activity") {
      log(frame);
    }
  });
}

/** @param {Activity} line */
function log(line) {
  if (paused.value) heldBack = [line, ...heldBack].slice(0, ACTIVITY_MAX);
  else activity.value = [line, ...activity.value].slice(0, ACTIVITY_MAX);
}

export function togglePause() {
  paused.value = !paused.value;
  if (paused.value) return;
  activity.value = [...heldBack, ...activity.value].slice(0, ACTIVITY_MAX);
  heldBack = [];
}

/** Sort by a column; again: the other way round. @param {string} column @param {boolean} down the first direction */
export function sortBy(column, down) {
  const same = sorting.value.column === column;
  sorting.value = { column, down: same ? !sorting.value.down : down };
  kept.set("board_sort", sorting.value);
}

/** @param {string | null | undefined} id */
export const agentName = (id) => agents.value.find((one) => one.id === id)?.name ?? id ?? "";
