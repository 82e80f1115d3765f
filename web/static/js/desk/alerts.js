// @ts-check
/** Ring, title, icon and notifications follow the offers: they start with the first and are silent with the last. */
import { computed, effect, signal } from "@preact/signals";
import { offset, second, SKEW_MS_MAX } from "../clock.js";
import { t, word } from "../i18n.js";
import { setVolume, startRing, stopRing, unlock, unlocked, volume } from "../sound.js";
import { tab } from "../stored.js";
import { offerInWords } from "./offer_words.js";
import { attention, offers } from "./state.js";

const QUIET = 0.1;
const supported = "Notification" in globalThis;
export const permission = signal(/** @type {string} */ (supported ? Notification.permission : "unsupported"));
/** @type {Map<string, Notification>} */
const notifications = new Map();

/**
 * What could make the operator miss an offer.
 * @param {boolean} socketOpen
 * @returns {{name: string, level: "red" | "amber", fix: (() => void) | null}[]}
 */
export function missing(socketOpen) {
  const found = [];
  if (!socketOpen) found.push({ name: "socket", level: "red", fix: null });
  if (!unlocked.value) found.push({ name: "sound", level: "red", fix: () => void unlock() });
  else if (volume.value < QUIET) found.push({ name: "volume", level: "red", fix: () => setVolume(0.6) });
  if (permission.value === "default") found.push({ name: "notify", level: "amber", fix: () => void askPermission() });
  if (permission.value === "denied") found.push({ name: "notify_denied", level: "red", fix: null });
  if (Math.abs(offset.value ?? 0) > SKEW_MS_MAX) found.push({ name: "clock", level: "amber", fix: null });
  return /** @type {any} */ (found);
}

/** Warnings that the operator has read and lives with. */
export const accepted = signal(/** @type {string[]} */ (tab.get("alerts_accepted", [])));
/** @param {string[]} names */
export function live(names) {
  accepted.value = names;
  tab.set("alerts_accepted", names);
}

export async function askPermission() {
  if (supported) permission.value = await Notification.requestPermission();
}

const count = computed(() => offers.value.length);

function showTitle() {
  const name = t("desk.title");
  document.title = attention.value ? `(${attention.value}) ${name}` : name;
  const icon = /** @type {HTMLLinkElement | null} */ (document.querySelector("link[rel=icon]"));
  const data = document.documentElement.dataset;
  const wanted = (attention.value ? data.iconAlert : data.icon) ?? "";
  if (icon && wanted && icon.getAttribute("href") !== wanted) icon.href = wanted;
}

function showNotifications() {
  const ids = new Set(offers.value.map((one) => one.id));
  for (const [id, notification] of notifications) {
    if (ids.has(id)) continue;
    notification.close();
    notifications.delete(id);
  }
  if (permission.value !== "granted") return;
  for (const offer of offers.value) if (!notifications.has(offer.id)) notify(offer);
}

/** @param {import("./types.js").Offer} offer */
function notify(offer) {
  const title = t("desk.notification.title", { medium: word("medium", offer.interaction.medium), queue: offer.interaction.queue });
  try {
    const notification = new Notification(title, { body: offerInWords(offer), tag: offer.id, requireInteraction: true });
    notification.addEventListener("click", () => {
      focus();
      document.getElementById(`offer-${offer.id}`)?.focus();
    });
    notifications.set(offer.id, notification);
  } catch {
    // Phones only let service workers notify; sound, title and card remain.
    permission.value = "unsupported";
  }
}

/** Begin to follow the state. */
export function watchAlerts() {
  effect(() => (count.value ? startRing() : stopRing()));
  effect(showTitle);
  effect(showNotifications);
  // A permission can be taken back in the browser's settings at any time.
  effect(() => {
    if (second.value % 5 === 0 && supported) permission.value = Notification.permission;
  });
  addEventListener("pagehide", () => notifications.forEach((one) => one.close()));
}
