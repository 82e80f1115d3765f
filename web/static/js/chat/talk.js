// @ts-check
/** The talk with the server: what we say is kept until the server has it on disk. */
import { batch } from "@preact/signals";
import { known, language, t } from "../i18n.js";
import { newId } from "../ids.js";
import { LiveSocket } from "../socket.js";
import { messageTone } from "../sound.js";
import * as chat from "./state.js";
import * as wish from "./wish.js";

const TYPING_EVERY_MS = 3000;
const TYPING_MS = 6000;
const RETRY_MS = 2000;
const BYTES_MAX = 4096;
export const LETTERS_MAX = 4000;

/** @type {LiveSocket | null} */
let socket = null;
let toldTyping = 0;
let toldRead = 0;

/** Open the socket, once. @returns {LiveSocket} */
export function connect() {
  socket ??= new LiveSocket(`/ws/chat/${encodeURIComponent(chat.channel)}`, { onFrame, onOpen: hello, pings: true });
  wish.sendBy((frame) => socket?.open.value === true && socket.send(frame));
  return socket;
}

function hello() {
  const known = chat.conversation.value;
  socket?.send({
    type: "hello",
    language,
    ...(chat.token.value && { visitor_token: chat.token.value }),
    ...(chat.identity.value && { identity: chat.identity.value }),
    ...(known && { conversation: known.id, after: chat.lastSeq.value }),
  });
}

/** @param {any} frame */
function onFrame(frame) {
  batch(() => handlers[frame.type]?.(frame));
}

/** @type {Record<string, (frame: any) => void>} */
const handlers = {
  welcome(frame) {
    const before = chat.conversation.value?.id;
    const after = frame.conversation?.id;
    if (before && after && before !== after) chat.clearConversation();
    chat.token.value = frame.visitor_token;
    chat.conversation.value = frame.conversation ?? chat.conversation.value;
    chat.open.value = frame.open;
    chat.company.value = frame.company || chat.company.value;
    chat.ended.value = ["closed", "abandoned", "wrap_up"].includes(frame.conversation?.state);
    chat.ways.value = frame.ways ?? null;
    chat.taken.value = frame.taken ?? null;
    if (frame.taken) chat.place.value = null;
    chat.welcomed.value = true;
    wish.onWelcome();
    chat.remember();
    for (const one of chat.unsent.value) if (!one.failed) say(one);
  },
  message(frame) {
    settle(frame.client_id);
    const key = frame.client_id ? `c-${frame.client_id}` : `s-${frame.seq}`;
    const fresh = chat.add({ key, seq: frame.seq, author: frame.author, name: frame.name ?? "", text: frame.text, at: frame.at });
    if (frame.author === "agent") {
      chat.agentTypesUntil.value = 0;
      chat.asked.value = false;
    }
    if (frame.author !== "customer") {
      chat.ended.value = false;
      if (fresh && document.hidden) messageTone();
    }
    tellRead();
  },
  ack(frame) {
    const one = chat.unsent.value.find((each) => each.client_id === frame.client_id);
    settle(frame.client_id);
    if (one) chat.add({ key: `c-${one.client_id}`, seq: frame.seq, author: "customer", name: "", text: one.text, at: one.at });
    chat.ended.value = false;
  },
  queue(frame) {
    chat.place.value = { position: frame.position, expected_wait: frame.expected_wait ?? null };
    chat.ended.value = false;
  },
  ways(frame) {
    chat.ways.value = frame.ways;
  },
  slots: wish.onSlots,
  taken(frame) {
    chat.ways.value = null;
    chat.taken.value = frame.taken;
    wish.onTaken();
  },
  joined(frame) {
    chat.place.value = null;
    chat.ways.value = null;
    chat.asked.value = false;
    chat.ended.value = false;
    if (frame.name === chat.agentName.value) return;
    chat.agentName.value = frame.name;
    chat.addLine(frame.seq, t("chat.joined", { name: frame.name }));
  },
  transferred(frame) {
    chat.agentName.value = "";
    chat.addLine(frame.seq, t("chat.transferred"));
  },
  ended(frame) {
    chat.place.value = null;
    chat.agentName.value = "";
    chat.asked.value = false;
    // Where it goes on is told by the next frame; what is shown changes with that, in one step.
    if (!["callback", "email"].includes(frame.reason)) {
      chat.ways.value = null;
      chat.taken.value = null;
    }
    const why = `chat.ended.${frame.reason}`;
    if (!chat.ended.value || frame.reason === "blocked_sender") chat.addLine(frame.seq, t(known(why) ? why : "chat.ended"));
    chat.ended.value = true;
  },
  typing() {
    chat.agentTypesUntil.value = Date.now() + TYPING_MS;
  },
  error(frame) {
    if (wish.onError(frame)) return;
    const one = chat.unsent.value.find((each) => each.client_id === frame.client_id);
    if (!one) return;
    if (frame.code === "quarantined") {
      // It is safe there, and goes on from there: nothing is left to send.
      settle(frame.client_id);
      chat.addLine(frame.seq, t("chat.kept_aside"));
    } else if (["too_fast", "busy"].includes(frame.code)) {
      setTimeout(() => chat.unsent.value.some((each) => each.client_id === one.client_id) && say(one), (frame.retry_after_s ?? 0) * 1000 || RETRY_MS);
    } else {
      const why = frame.code === "too_long" ? t("chat.error.too_long") : frame.detail || t("chat.error.refused");
      chat.setUnsent(chat.unsent.value.map((each) => (each === one ? { ...each, failed: why } : each)));
    }
  },
};

/** @param {string | undefined} clientId */
function settle(clientId) {
  if (clientId && chat.unsent.value.some((one) => one.client_id === clientId)) {
    chat.setUnsent(chat.unsent.value.filter((one) => one.client_id !== clientId));
  }
}

/** @param {import("./state.js").Unsent} one */
const say = (one) => chat.welcomed.value && socket?.send({ type: "message", client_id: one.client_id, text: one.text });

/** Say something: it is kept first and sent then, now or when the connection is back. @param {string} text */
export function send(text) {
  const parts = fitting(text).map((part) => ({ client_id: newId(), text: part, at: Date.now() }));
  chat.setUnsent([...chat.unsent.value, ...parts]);
  toldTyping = 0;
  if (socket?.open.value) parts.forEach(say);
}

/** The server counts bytes, and Cyrillic letters take two: a long text goes as several messages. @param {string} text */
function fitting(text) {
  const size = (/** @type {string} */ part) => new TextEncoder().encode(part).length;
  /** @type {string[]} */
  const parts = [];
  for (const word of text.split(/(?<=\s)/)) {
    const last = parts.length - 1;
    if (last >= 0 && size(parts[last] + word) <= BYTES_MAX) parts[last] += word;
    else if (size(word) <= BYTES_MAX) parts.push(word);
    else parts.push(...(word.match(/.{1,1000}/gsu) ?? []));
  }
  return parts.map((part) => part.trim()).filter(Boolean);
}

/** Take a refused message back into the composer. @param {string} clientId */
export function takeBack(clientId) {
  const one = chat.unsent.value.find((each) => each.client_id === clientId);
  if (!one) return;
  chat.draft.value = chat.draft.value || one.text;
  chat.setUnsent(chat.unsent.value.filter((each) => each !== one));
}

export function tellTyping() {
  if (Date.now() - toldTyping < TYPING_EVERY_MS) return;
  toldTyping = Date.now();
  socket?.send({ type: "typing" });
}

export function tellRead() {
  const seq = chat.lastSeq.value;
  if (document.hidden || seq <= toldRead || !socket?.open.value) return;
  toldRead = seq;
  socket.send({ type: "read", seq });
}

/** Ask for a person instead of the machine. */
export function askPerson() {
  if (socket?.send({ type: "person" })) chat.asked.value = true;
}

export function leave() {
  socket?.send({ type: "leave" });
}
