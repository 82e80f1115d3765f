// @ts-check
/** The server's clock: deadlines are the server's, and the local clock may be wrong. */
import { signal } from "@preact/signals";

/** Server minus local clock in ms; null until the server has told its time. */
export const offset = signal(/** @type {number | null} */ (null));
/** Changes once a second, also while the page is hidden; whoever reads it is rendered again. */
export const second = signal(0);
export const SKEW_MS_MAX = 2000;

let bestUncertainty = Infinity;
/** @type {Set<() => void>} */
const listeners = new Set();

/** Milliseconds since the epoch by the server's clock. */
export const now = () => Date.now() + (offset.peek() ?? 0);

/** Learn from a frame that nobody asked for: how long it was on its way is unknown. @param {number} serverMs */
export const learnFromNews = (serverMs) => learn(serverMs, Date.now(), Date.now(), 1000);

/**
 * Learn the offset from an answer of the server. A quick round trip is more exact than a slow one and stays, but ages,
 * so that a clock which is set later is noticed.
 * @param {number} serverMs @param {number} sentMs @param {number} receivedMs
 * @param {number} [uncertainty] how far off it may be, in ms; the round trip if left out
 */
export function learn(serverMs, sentMs, receivedMs, uncertainty = receivedMs - sentMs) {
  bestUncertainty = bestUncertainty * 1.5 + 5;
  if (!Number.isFinite(serverMs) || (offset.peek() !== null && uncertainty > bestUncertainty)) return;
  bestUncertainty = uncertainty;
  offset.value = serverMs - (sentMs + receivedMs) / 2;
}

/** Call `listener` every second. @param {() => void} listener @returns {() => void} stops it */
export function everySecond(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function tick() {
  second.value += 1;
  for (const listener of listeners) listener();
}

try {
  new Worker(new URL("./heartbeat.js", import.meta.url)).addEventListener("message", tick);
} catch {
  setInterval(tick, 1000);
}
