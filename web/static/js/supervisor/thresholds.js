// @ts-check
/**
 * When a figure is amber or red. A level is left only a little beyond where it was entered, so that it doesn't flap.
 * @typedef {"green" | "amber" | "red" | ""} Level
 */
import { ms } from "../i18n.js";

/** @type {Map<string, Level>} */
const before = new Map();
const RANK = { "": 0, green: 0, amber: 1, red: 2 };
const SLACK = 0.1;

/**
 * @param {string} key what is measured, for the memory @param {number | null} value
 * @param {number} amber @param {number} red `red` below `amber` means: low is bad
 * @returns {Level}
 */
export function level(key, value, amber, red) {
  if (value === null || Number.isNaN(value)) return "";
  const sign = red >= amber ? 1 : -1;
  const reached = (/** @type {number} */ bound) => sign * value >= sign * bound;
  let now = /** @type {Level} */ (reached(red) ? "red" : reached(amber) ? "amber" : "green");
  const last = before.get(key) ?? "";
  const eased = (/** @type {number} */ bound) => bound - sign * SLACK * Math.abs(bound);
  if (RANK[last] > RANK[now] && reached(eased(last === "red" ? red : amber))) now = last;
  before.set(key, now);
  return now;
}

/** @param {import("./state.js").QueueRow} row @param {number} nowMs */
export function levels(row, nowMs) {
  const waited = row.longest_wait_since ? (nowMs - ms(row.longest_wait_since)) / 1000 : null;
  const target = Math.max(row.target_s, 10);
  return {
    longest: level(`${row.name}/longest`, waited, target, 3 * target),
    service_level: level(`${row.name}/sl`, row.service_level, 0.8, 0.6),
    abandon_rate: level(`${row.name}/abandon`, row.abandon_rate, 0.05, 0.12),
    free: row.staffed === 0 && row.waiting > 0 ? /** @type {Level} */ ("red") : /** @type {Level} */ (""),
  };
}
