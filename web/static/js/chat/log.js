// @ts-check
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { html } from "../html.js";
import { clockTime, day, ms, t } from "../i18n.js";
import { second } from "../clock.js";
import { Icon } from "../ui/icon.js";
import * as chat from "./state.js";
import { takeBack } from "./talk.js";

export function Log() {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const atEnd = useRef(true);
  const all = chat.entries.value;
  const waiting = chat.unsent.value;
  useLayoutEffect(() => {
    if (atEnd.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [all.length, waiting.length]);
  // What opens below takes room; who was at the end stays there.
  useEffect(() => {
    const element = /** @type {HTMLElement} */ (box.current);
    const watch = new ResizeObserver(() => { if (atEnd.current) element.scrollTop = element.scrollHeight; });
    watch.observe(element);
    return () => watch.disconnect();
  }, []);
  const onScroll = () => {
    const element = /** @type {HTMLElement} */ (box.current);
    atEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < 60;
  };
  return html`<div class="chat-log" ref=${box} onScroll=${onScroll} tabindex="0" role="region" aria-label=${t("chat.log")}>
    ${all.length === 0 && waiting.length === 0 && html`<p class="hello">${chat.welcomed.value ? t("chat.hello") : t("chat.connecting")}</p>`}
    <div role="log" aria-label=${t("chat.log")} aria-live="polite">
      ${all.map((one, at) => html`
        ${startsDay(all, at) && html`<p class="day" key=${`d${one.key}`}><span>${day(one.at)}</span></p>`}
        <${Line} key=${one.key} one=${one} before=${all[at - 1]} />`)}
    </div>
    ${waiting.map((one) => html`<${Waiting} key=${one.client_id} one=${one} />`)}
    <${Typing} />
  </div>`;
}

/** @param {import("./state.js").Entry[]} all @param {number} at */
function startsDay(all, at) {
  const on = (/** @type {import("./state.js").Entry} */ one) => new Date(ms(one.at)).toDateString();
  return at === 0 ? on(all[0]) !== new Date().toDateString() : on(all[at - 1]) !== on(all[at]);
}

/** @param {{one: import("./state.js").Entry, before: import("./state.js").Entry | undefined}} props */
function Line({ one, before }) {
  if (one.author === "line") return html`<p class="line"><span>${one.text}</span></p>`;
  const same = before?.author === one.author && before?.name === one.name;
  return html`<div class="said ${one.author} ${same ? "same" : ""}">
    <p class="who ${same ? "sr-only" : ""}">${one.author === "bot" && html`<span class="bot-label"><${Icon} name="bot" class="small" />${t("bot.label")}</span>`}
      ${one.author === "customer" ? html`<span class="sr-only">${t("chat.you")}</span>` : one.author === "agent" ? one.name : ""}</p>
    <p class="bubble">${one.text}</p>
    <time class="meta" datetime=${typeof one.at === "string" ? one.at : new Date(one.at).toISOString()}>${clockTime(one.at)}</time>
  </div>`;
}

/** @param {{one: import("./state.js").Unsent}} props */
function Waiting({ one }) {
  return html`<div class="said customer going"><p class="bubble">${one.text}</p>
    <p class="meta">${one.failed
      ? html`<span role="alert"><${Icon} name="warn" class="small" />${one.failed}</span> <button type="button" class="link" onClick=${() => takeBack(one.client_id)}>${t("chat.take_back")}</button>`
      : html`<${Icon} name="clock" class="small" />${t("delivery.sending")}`}</p></div>`;
}

function Typing() {
  second.value;
  if (chat.agentTypesUntil.value < Date.now()) return null;
  return html`<p class="typing"><span class="dots" aria-hidden="true"><i></i><i></i><i></i></span>${t("chat.typing", { name: chat.agentName.value || t("chat.agent") })}</p>`;
}
