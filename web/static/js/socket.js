// @ts-check
/** A WebSocket that comes back by itself, pings, and notices a dead peer. */
import { signal } from "@preact/signals";
import { everySecond, learn } from "./clock.js";
import { ms } from "./i18n.js";

const PING_EVERY_S = 10;
const SILENT_S_MAX = 25;
const BACKOFF_MS_MAX = 30000;
const SESSION_OVER = 4401;

export class LiveSocket {
  /**
   * @param {string | (() => string)} path
   * @param {{onFrame: (frame: any) => void, onOpen?: () => void, onSessionOver?: () => void,
   *   onRefused?: () => void, pings?: boolean, silentMax?: number}} behaviour
   *   `onRefused`: a connection ended before its first frame; the browser doesn't tell whether the session is over.
   *   `pings`: whether the server answers `ping`; without answers silence proves nothing, unless `silentMax` (s) says so.
   */
  constructor(path, { onFrame, onOpen = () => {}, onSessionOver = () => {}, onRefused = () => {}, pings = false, silentMax = 0 }) {
    this.path = path;
    this.onFrame = onFrame;
    this.onOpen = onOpen;
    this.onSessionOver = onSessionOver;
    this.onRefused = onRefused;
    this.pings = pings;
    this.silentMax = silentMax || (pings ? SILENT_S_MAX : Infinity);
    /** Whether frames flow. */
    this.open = signal(false);
    /** Local instant of the loss; null while open. @type {import("@preact/signals").Signal<number | null>} */
    this.lostAt = signal(Date.now());
    this.attempts = 0;
    this.retryAt = 0;
    this.silence = 0;
    this.untilPing = 0;
    this.pingSentAt = 0;
    this.stopped = false;
    /** @type {WebSocket | null} */
    this.socket = null;
    this.cancelTick = everySecond(() => this.tick());
    addEventListener("online", () => this.retryNow());
    addEventListener("offline", () => this.drop());
    document.addEventListener("visibilitychange", () => document.hidden || this.retryNow());
    this.connect();
  }

  connect() {
    const path = typeof this.path === "function" ? this.path() : this.path;
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${path}`);
    this.socket = socket;
    this.silence = 0;
    socket.addEventListener("open", () => {
      if (socket !== this.socket) return;
      this.untilPing = 0;
      this.onOpen();
    });
    socket.addEventListener("message", (event) => socket === this.socket && this.receive(JSON.parse(event.data)));
    socket.addEventListener("close", (event) => socket === this.socket && this.lost(event.code));
  }

  /** @param {any} frame */
  receive(frame) {
    this.silence = 0;
    this.attempts = 0;
    if (frame.type === "reset") return this.endSession();
    if (frame.type === "pong") learn(ms(frame.at), this.pingSentAt, Date.now());
    if (!this.open.peek()) {
      this.open.value = true;
      this.lostAt.value = null;
    }
    this.onFrame(frame);
  }

  /** @param {number} code */
  lost(code) {
    const wasOpen = this.open.peek();
    this.socket = null;
    this.open.value = false;
    if (code === SESSION_OVER) return this.endSession();
    if (this.stopped) return;
    if (!wasOpen && navigator.onLine) this.onRefused();
    if (this.lostAt.peek() === null) this.lostAt.value = Date.now();
    // Full jitter, so that a restarted server isn't met by everybody at once.
    const ceiling = Math.min(BACKOFF_MS_MAX, 1000 * 2 ** this.attempts);
    this.retryAt = Date.now() + Math.max(500, Math.random() * ceiling);
    this.attempts += 1;
  }

  endSession() {
    this.stop();
    this.onSessionOver();
  }

  /** Give the connection up; the back-off brings a new one. */
  drop() {
    const socket = this.socket;
    if (!socket) return;
    // A dead network never completes the closing handshake, so the loss is told at once.
    this.lost(1006);
    socket.close();
  }

  retryNow() {
    if (this.stopped || this.socket) return;
    this.attempts = 0;
    this.connect();
  }

  tick() {
    if (this.stopped) return;
    if (!this.socket) {
      if (Date.now() >= this.retryAt) this.connect();
      return;
    }
    this.silence += 1;
    if (this.silence > Math.min(this.silentMax, this.open.peek() ? Infinity : SILENT_S_MAX)) return this.drop();
    if (this.pings && this.socket.readyState === WebSocket.OPEN && --this.untilPing <= 0) this.ping();
  }

  ping() {
    this.untilPing = PING_EVERY_S;
    this.pingSentAt = Date.now();
    this.send({ type: "ping" });
  }

  /** Send `frame`; false if there is no connection. @param {any} frame */
  send(frame) {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }

  stop() {
    this.stopped = true;
    this.cancelTick();
    this.open.value = false;
    this.socket?.close();
    this.socket = null;
  }
}
