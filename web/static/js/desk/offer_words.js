// @ts-check
import { now } from "../clock.js";
import { languageName, ms, t, word } from "../i18n.js";

/** Seconds until the server ends the offer; null if it has no end. @param {import("./types.js").Offer} offer */
export function secondsLeft(offer) {
  return offer.expires_at ? Math.max(0, (ms(offer.expires_at) - now()) / 1000) : null;
}

/** One sentence that tells an offer, for screen readers and the system's notification. @param {import("./types.js").Offer} offer */
export function offerInWords(offer) {
  const one = offer.interaction;
  const seconds = secondsLeft(offer);
  const parts = [
    t("desk.offer.heard", { medium: word("medium", one.medium), queue: one.queue }),
    one.customer?.name ?? "",
    languageName(one.language),
    one.preview ?? "",
    seconds === null ? "" : t("desk.offer.seconds_left", { count: Math.round(seconds) }),
  ];
  return parts.filter(Boolean).join(". ");
}
