// @ts-check
/** What each frame of /ws/desk does to the state. */
import { batch } from "@preact/signals";
import { get } from "../api.js";
import { learnFromNews } from "../clock.js";
import { ms, t, word } from "../i18n.js";
import { messageTone, supervisorTone } from "../sound.js";
import { say } from "../ui/say.js";
import { toast, toastError } from "../ui/toast.js";
import { nameOf } from "./names.js";
import { offerInWords } from "./offer_words.js";
import { settleWith } from "./outbox.js";
import * as desk from "./state.js";

const TYPING_MS = 6000;
/** What becomes of a mail is still open. */
const UNSETTLED = new Set(["queued", "sending", "deferred"]);
/** What may go out again, by an answer that the page has not heard of since. */
const REVIVED = new Set(["failed", "bounced", "uncertain"]);
/** Why he no longer holds something, where that is his own doing. */
const OWN_ENDINGS = new Set(["done", "transferred", "no_answer", "busy", "voicemail", "wrong_number"]);
/** Interactions that this agent just accepted; they come to the front when they arrive. @type {Set<string>} */
export const expected = new Set();

/** @param {any} frame */
export function onFrame(frame) {
  batch(() => handlers[frame.type]?.(frame));
}

/** @type {Record<string, (frame: any) => void>} */
const handlers = {
  snapshot(frame) {
    if (frame.at) learnFromNews(ms(frame.at));
    desk.agent.value = frame.agent;
    desk.offers.value = frame.offers;
    desk.held.value = Object.fromEntries(frame.interactions.map((/** @type {any} */ one) => [one.id, one]));
    desk.queues.value = frame.queues;
    desk.colleagues.value = frame.agents ?? [];
    desk.loaded.value = true;
    for (const one of frame.interactions) catchUp(one.id).catch(toastError);
    keepSelection(false);
  },
  offer(frame) {
    desk.offers.value = [...desk.offers.value.filter((one) => one.id !== frame.offer.id), frame.offer];
    say(offerInWords(frame.offer), true);
  },
  offer_ended(frame) {
    const ended = desk.offers.value.find((one) => one.id === frame.id);
    desk.offers.value = desk.offers.value.filter((one) => one.id !== frame.id);
    if (ended && frame.state === "withdrawn") {
      const text = t("desk.offer.withdrawn", { reason: word("offer.reason", frame.reason) || t("offer.reason.withdrawn") });
      toast(text);
    } else if (ended && frame.state === "expired") {
      toast(t("desk.offer.expired"));
    }
  },
  interaction(frame) {
    const one = frame.interaction;
    const known = one.id in desk.held.value;
    desk.held.value = { ...desk.held.value, [one.id]: one };
    if (!known) arrived(one);
  },
  interaction_gone(frame) {
    const { [frame.id]: gone, ...rest } = desk.held.value;
    desk.held.value = rest;
    const byHimself = OWN_ENDINGS.has(frame.reason);
    if (gone && frame.reason && !byHimself) {
      toast(t("desk.gone", { name: nameOf(gone), reason: word("gone", frame.reason) }));
    }
    keepSelection(byHimself);
  },
  message(frame) {
    merge(desk.idOf(frame.interaction), [frame.message], true);
  },
  undelivered(frame) {
    const { message } = frame;
    const bad = message.recipients.find((/** @type {any} */ one) => one.delivery === message.delivery);
    const text = t("desk.undelivered", { name: frame.customer, reference: frame.reference, reason: bad?.reason ?? "" });
    // Where it is on the screen, it stands at the message; who wraps up is about to leave it.
    const shown = desk.columns.value.includes(frame.interaction) && desk.held.value[frame.interaction]?.state !== "wrap_up";
    if (shown) say(text, true);
    else toast(text, "error");
  },
  presence(frame) {
    const before = desk.agent.value;
    desk.agent.value = frame.agent;
    if (before && frame.by && frame.by !== frame.agent.id) {
      supervisorTone();
      toast(t("desk.presence.forced", {
        by: frame.by === "router" ? t("desk.presence.by_router") : frame.by,
        presence: word("presence", frame.agent.presence),
        reason: word("reason", frame.agent.reason),
      }), "error");
    }
  },
  typing(frame) {
    desk.typing.value = { ...desk.typing.value, [desk.idOf(frame.interaction)]: Date.now() + TYPING_MS };
  },
};


/** @param {import("./types.js").Interaction} one */
function arrived(one) {
  catchUp(one.id).catch(toastError);
  if (expected.delete(one.id) || !desk.selected.value) desk.select(one.id);
}

/**
 * Select the next conversation where the selected one is gone. Only what he ended himself moves the focus along: if
 * one is taken from him while he types, his next letters must not reach another customer.
 * @param {boolean} focus
 */
function keepSelection(focus) {
  const lost = desk.selected.value ? !(desk.selected.value in desk.held.value) : innerWidth >= 760;
  if (lost) desk.select(desk.list.value[0]?.id ?? null, focus);
}

/** Fetch what is missing of a conversation, and what may have been delivered meanwhile. @param {string} id */
export async function catchUp(id) {
  let last = knownUpTo(id);
  for (;;) {
    const page = await get(`/interactions/${encodeURIComponent(id)}/messages?after=${last}`);
    merge(id, page.items, false);
    const newest = Math.max(last, ...page.items.map((/** @type {any} */ one) => one.number ?? 0));
    if (!page.next || newest === last) return;
    last = newest;
  }
}

/**
 * The number up to which a conversation is known and settled. Numbers have no gaps, but what is known may: a reply that
 * goes out before the socket is back brings its number past what customers wrote meanwhile.
 * @param {string} id
 */
function knownUpTo(id) {
  let last = 0;
  for (const one of desk.threads.value[id] ?? []) {
    if (one.number !== last + 1 || UNSETTLED.has(one.delivery) || REVIVED.has(one.delivery)) break;
    last = one.number;
  }
  return last;
}

/**
 * Put messages into their conversation; one that is known is replaced, which is how a delivery changes.
 * @param {string} id @param {import("./types.js").Message[]} messages @param {boolean} live whether they are news
 */
export function merge(id, messages, live) {
  const before = desk.threads.value[id] ?? [];
  const byId = new Map(before.map((one) => [one.id, one]));
  for (const one of messages) {
    if (live && one.author === "customer" && !byId.has(one.id)) announce(id, one);
    byId.set(one.id, live ? { ...byId.get(one.id), ...one } : fetched(byId.get(one.id), one));
  }
  desk.threads.value = { ...desk.threads.value, [id]: [...byId.values()].sort(inOrder) };
  settleWith(id, messages);
  if (!document.hidden && desk.columns.value.includes(id)) desk.read(id);
}

/**
 * A message that a call answered: the socket may have told since that it was delivered.
 * @param {import("./types.js").Message | undefined} before @param {import("./types.js").Message} one
 */
function fetched(before, one) {
  const settled = before && !UNSETTLED.has(before.delivery) && UNSETTLED.has(one.delivery);
  return { ...before, ...one, ...(settled && { delivery: before.delivery, recipients: before.recipients, undo_until: null }) };
}

/** One that has no number yet comes last. @param {import("./types.js").Message} a @param {import("./types.js").Message} b */
const inOrder = (a, b) => (a.number ?? Infinity) - (b.number ?? Infinity) || ms(a.at) - ms(b.at);

/** @param {string} id @param {import("./types.js").Message} message */
function announce(id, message) {
  const one = desk.held.value[id];
  const { [id]: _, ...rest } = desk.typing.value;
  desk.typing.value = rest;
  messageTone();
  if (one) say(t("desk.message.heard", { name: nameOf(one), text: message.text.slice(0, 200) }));
}
