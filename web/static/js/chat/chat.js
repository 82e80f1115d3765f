// @ts-check
import { useEffect, useState } from "preact/hooks";
import { html } from "../html.js";
import { number, t, waitRange } from "../i18n.js";
import { second } from "../clock.js";
import { Icon } from "../ui/icon.js";
import { LanguageSelect } from "../ui/theme.js";
import { Log } from "./log.js";
import { Start } from "./start.js";
import * as chat from "./state.js";
import { Ways } from "./ways.js";
import { Write } from "./write.js";
import { askPerson, connect, leave, send, tellRead } from "./talk.js";

export function Chat() {
  const inside = chat.agreed.value;
  return html`<div class="chat">
    <${Head} />
    ${inside ? html`<${Talk} />` : html`<${Start} />`}
  </div>`;
}

function Head() {
  const name = chat.agentName.value;
  const active = chat.agreed.value && chat.lastSeq.value > 0 && !chat.ended.value && !chat.taken.value;
  return html`<header class="chat-head">
    <div class="chat-title"><h1>${chat.company.value || t("chat.title")}</h1>
      <p>${name ? t("chat.with", { name }) : t("chat.subtitle")}</p></div>
    <div class="chat-tools">
      <label class="button quiet"><${Icon} name="globe" /><span class="sr-only">${t("ui.language")}</span><${LanguageSelect} /></label>
      ${active && html`<${Leave} />`}
    </div>
  </header>`;
}

/** Leaving cannot be taken back with one click, so it asks once. */
function Leave() {
  const [asking, setAsking] = useState(false);
  if (!asking) return html`<button type="button" class="button quiet" onClick=${() => setAsking(true)}><${Icon} name="leave" />${t("chat.leave")}</button>`;
  return html`<span class="ask-leave" role="group" aria-label=${t("chat.leave.sure")}>
    <span class="sr-only" role="status">${t("chat.leave.sure")}</span>
    <button type="button" class="button ending" autofocus onClick=${() => { setAsking(false); leave(); }}>${t("chat.leave.yes")}</button>
    <button type="button" class="button quiet" onClick=${() => setAsking(false)}>${t("chat.leave.no")}</button>
  </span>`;
}

function Talk() {
  const [socket] = useState(connect);
  useEffect(() => {
    const seen = () => { tellRead(); showTitle(); };
    document.addEventListener("visibilitychange", seen);
    return () => document.removeEventListener("visibilitychange", seen);
  }, []);
  useEffect(showTitle, [chat.entries.value]);
  return html`
    <${Lost} socket=${socket} />
    <main class="chat-body"><div class="chat-main"><${Log} /></div>
    <${Status} />
    ${chat.onlyBot.value && html`<div class="person"><span class="hint">${chat.asked.value ? t("chat.person.asked") : t("chat.bot.told")}</span>
      ${chat.choices.value.map((one) => html`<button type="button" class="button" disabled=${!socket.open.value} onClick=${() => send(one.number)}>${one.text}</button>`)}
      ${chat.mayHaveHelped.value && html`<button type="button" class="button" disabled=${!socket.open.value} onClick=${() => send(t("chat.helped.said"))}>${t("chat.helped")}</button>`}
      ${!chat.asked.value && !chat.choices.value.length && html`<button type="button" class="button" disabled=${!socket.open.value} onClick=${askPerson}><${Icon} name="user" />${t("chat.person")}</button>`}</div>`}
    <${Ways} />
    <${Write} /></main>`;
}

let readBefore = 0;
function showTitle() {
  const last = chat.lastSeq.value;
  if (!document.hidden) readBefore = last;
  const fresh = chat.entries.value.filter((one) => one.seq > readBefore && (one.author === "agent" || one.author === "bot")).length;
  const name = chat.company.value || t("chat.title");
  document.title = document.hidden && fresh ? `(${fresh}) ${name}` : name;
}

/** @param {{socket: import("../socket.js").LiveSocket}} props */
function Lost({ socket }) {
  second.value;
  const lostAt = socket.lostAt.value;
  const lost = lostAt !== null && Date.now() - lostAt > 1500;
  return html`<div role="status" class="banner-region">${lost && html`<div class="banner amber"><${Icon} name="warn" /><span>${
    chat.unsent.value.length ? t("chat.reconnecting.unsent") : t("chat.reconnecting")}</span></div>`}</div>`;
}

/** The place in the line, told when it changes. */
function Status() {
  const place = chat.place.value;
  let text = "";
  if (!chat.open.value && !chat.agentName.value) text = t("chat.closed");
  else if (place) {
    const wait = waitRange(place.expected_wait);
    text = place.position > 1 ? t("chat.position", { position: number(place.position) }) : t("chat.position.next");
    if (wait) text += ` ${t("chat.wait", { wait })}`;
  }
  return html`<div role="status" class="chat-status">${text && html`<p><${Icon} name=${place ? "clock" : "info"} class="small" />${text}</p>`}</div>`;
}
