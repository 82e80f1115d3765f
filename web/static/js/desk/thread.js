// @ts-check
/** The messages of one conversation, oldest first, with what is still on its way. */
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { html } from "../html.js";
import { clockTime, day, ms, t } from "../i18n.js";
import { second } from "../clock.js";
import { Icon } from "../ui/icon.js";
import { MessageView } from "./message.js";
import { merge } from "./frames.js";
import { discard, outgoing, retry } from "./outbox.js";
import { threads, typing } from "./state.js";

/** @param {{one: import("./types.js").Interaction}} props */
export function Thread({ one }) {
  const messages = threads.value[one.id];
  const going = outgoing.value.filter((entry) => entry.interaction === one.id && !messages?.some((message) => message.id === entry.id));
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const atEnd = useRef(true);
  const last = messages?.at(-1);
  const count = `${(messages?.length ?? 0) + going.length} ${last?.delivery}`;
  // Only a reader at the end is carried along; whoever reads further up stays where he is.
  useLayoutEffect(() => {
    if (atEnd.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [count]);
  useEffect(() => {
    const element = /** @type {HTMLElement} */ (box.current);
    const sizes = new ResizeObserver(() => { if (atEnd.current) element.scrollTop = element.scrollHeight; });
    sizes.observe(element);
    // What is in it grows too: a picture that comes, reasons that are told. Those events don't bubble.
    const grew = () => { if (atEnd.current) element.scrollTop = element.scrollHeight; };
    element.addEventListener("load", grew, true);
    return () => {
      sizes.disconnect();
      element.removeEventListener("load", grew, true);
    };
  }, []);
  const onScroll = () => {
    const element = /** @type {HTMLElement} */ (box.current);
    atEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < 60;
  };
  return html`<div class="thread ${one.medium}" ref=${box} onScroll=${onScroll} role="log" aria-live="off" tabindex="0" aria-label=${t("desk.messages")}>
    ${one.medium === "email" && html`<h3 class="subject">${one.subject || t("email.no_subject")}</h3>`}
    ${!messages && html`<p class="hint">${t("ui.loading")}</p>`}
    ${messages?.length === 0 && going.length === 0 && html`<p class="hint">${t("desk.no_messages")}</p>`}
    ${messages?.map((message, at) => html`
      ${at === 0 || changesDay(messages[at - 1], message) ? html`<p class="day"><span>${day(message.at)}</span></p>` : null}
      <${MessageView} key=${message.id} message=${message} medium=${one.medium} language=${one.language}
        interaction=${one.id} onChanged=${(/** @type {any} */ view) => merge(one.id, [view], false)} />`)}
    ${going.map((entry) => html`<${Going} key=${entry.key} entry=${entry} />`)}
    <${Typing} id=${one.id} />
  </div>`;
}

/** @param {import("./types.js").Message} before @param {import("./types.js").Message} after */
const changesDay = (before, after) => new Date(ms(before.at)).toDateString() !== new Date(ms(after.at)).toDateString();

/** @param {{entry: import("./outbox.js").Outgoing}} props */
function Going({ entry }) {
  const failed = entry.state === "failed";
  return html`<article class="message ${entry.kind === "note" ? "note" : "agent"} going ${failed ? "failed" : ""}">
    <div class="bubble"><p class="text">${entry.text}</p></div>
    <p class="meta">
      ${failed
        ? html`<${Icon} name="warn" class="small" /><span>${t("delivery.refused")} ${entry.error}</span>
            <button type="button" class="link" onClick=${() => retry(entry.key)}>${t("ui.try_again")}</button>
            <button type="button" class="link" onClick=${() => discard(entry.key)}>${t("ui.discard")}</button>`
        : html`<${Icon} name="clock" class="small" />${clockTime(entry.at)} ${t(entry.state === "sending" ? "delivery.sending" : "delivery.waiting")}`}
    </p>
  </article>`;
}

/** @param {{id: string}} props */
function Typing({ id }) {
  second.value;
  if ((typing.value[id] ?? 0) < Date.now()) return null;
  return html`<p class="typing"><span class="dots" aria-hidden="true"><i></i><i></i><i></i></span>${t("desk.typing")}</p>`;
}
