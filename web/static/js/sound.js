// @ts-check
/** Tones made on the spot. Browsers stay silent until a gesture has unlocked sound, so that is told as a state. */
import { signal } from "@preact/signals";
import { kept } from "./stored.js";

/** Whether a tone would be heard as far as the browser is concerned. */
export const unlocked = signal(false);
/** 0 to 1. */
export const volume = signal(/** @type {number} */ (kept.get("volume", 0.6)));
export const ringing = signal(false);

/** @type {AudioContext | null} */
let context = null;
/** @type {GainNode | null} */
let output = null;
/** @type {AudioBufferSourceNode | null} */
let ring = null;

/** Pitches in Hz, starts and lengths in s. */
const RING = { length: 2.4, notes: [[660, 0, 0.22], [880, 0.26, 0.34], [660, 0.74, 0.22], [880, 1.0, 0.34]] };
const MESSAGE = { length: 0.3, notes: [[1175, 0, 0.12], [988, 0.11, 0.18]] };
const SUPERVISOR = { length: 0.6, notes: [[523, 0, 0.18], [523, 0.22, 0.18], [392, 0.42, 0.18]] };

function start() {
  if (context) return;
  context = new AudioContext();
  output = context.createGain();
  output.gain.value = volume.peek();
  output.connect(context.destination);
  context.addEventListener("statechange", () => {
    unlocked.value = context?.state === "running";
  });
}

/** Let sound through; to be called in the handler of a click or key press. */
export async function unlock() {
  start();
  await context?.resume();
  unlocked.value = context?.state === "running";
  if (ringing.peek() && !ring) startRing();
}

/** @param {{length: number, notes: number[][]}} tune */
function render(tune) {
  const rate = /** @type {AudioContext} */ (context).sampleRate;
  const buffer = /** @type {AudioContext} */ (context).createBuffer(1, Math.ceil(tune.length * rate), rate);
  const samples = buffer.getChannelData(0);
  for (const [pitch, at, length] of tune.notes) {
    const from = Math.floor(at * rate);
    const count = Math.min(Math.floor(length * rate), samples.length - from);
    for (let i = 0; i < count; i++) {
      const envelope = Math.min(1, i / (0.012 * rate)) * Math.min(1, (count - i) / (0.06 * rate));
      const angle = (2 * Math.PI * pitch * i) / rate;
      samples[from + i] += 0.5 * envelope * (Math.sin(angle) + 0.25 * Math.sin(2 * angle));
    }
  }
  return buffer;
}

/** @param {{length: number, notes: number[][]}} tune @param {boolean} loop */
function play(tune, loop) {
  if (!context || !output || context.state !== "running") return null;
  const source = context.createBufferSource();
  source.buffer = render(tune);
  source.loop = loop;
  source.connect(output);
  source.start();
  return source;
}

/** Ring until `stopRing`. The loop is the audio engine's own, so a throttled page rings on and stops at once. */
export function startRing() {
  ringing.value = true;
  ring ??= play(RING, true);
}

export function stopRing() {
  ringing.value = false;
  ring?.stop();
  ring?.disconnect();
  ring = null;
}

export const messageTone = () => void play(MESSAGE, false);
export const supervisorTone = () => void play(SUPERVISOR, false);
/** One round of the ring, for the check before a shift. */
export const testTone = () => void play(RING, false);

/** @param {number} value 0 to 1 */
export function setVolume(value) {
  volume.value = value;
  kept.set("volume", value);
  if (output) output.gain.value = value;
}

// Any gesture on the page unlocks sound, so a reload in mid-shift is mended by the first click or key.
for (const gesture of ["pointerdown", "keydown"]) addEventListener(gesture, () => unlocked.peek() || unlock(), true);
