// @ts-check
/** What a customer who waits may choose instead, and what he has chosen. */
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { html } from "../html.js";
import { clockTime, day, t } from "../i18n.js";
import { Icon } from "../ui/icon.js";
import * as chat from "./state.js";
import { askSlots, change, choose, days, fault, pending, shown, slots, submit, wish } from "./wish.js";

/** The region stands in the page from the start, so that what comes into it is read out. */
export function Ways() {
  const region = useRef(/** @type {HTMLElement | null} */ (null));
  const title = useRef(/** @type {HTMLElement | null} */ (null));
  const { taken } = chat;
  const had = useRef(false);
  // What he used is gone: the focus goes to what came of it, or back to where he writes.
  useLayoutEffect(() => {
    const lost = had.current && document.activeElement === document.body;
    if (lost && taken.value) title.current?.focus();
    else if (lost && !shown.value) document.getElementById("words")?.focus();
  }, [taken.value, shown.value]);
  const noteFocus = () => { had.current = !!region.current?.contains(document.activeElement); };
  return html`<div class="ways-region" ref=${region} onFocusIn=${noteFocus} onFocusOut=${noteFocusOut(region, had)}>
    <div role="status" class="ways-told">
      ${taken.value ? html`<${Confirmation} title=${title} />` : shown.value && html`
        <h2>${t("chat.ways.title")}</h2><p lang=${chat.ways.value?.language || undefined}>${chat.ways.value?.text}</p>`}
    </div>
    ${taken.value ? html`<${Links} />` : shown.value && html`<${Choice} />`}
  </div>`;
}

/**
 * Leaving the region by hand gives the focus to something else; an element that is taken away gives it to nothing.
 * @param {{current: HTMLElement | null}} region @param {{current: boolean}} had
 */
const noteFocusOut = (region, had) => (/** @type {FocusEvent} */ event) => {
  const to = /** @type {Node | null} */ (event.relatedTarget);
  if (to && !region.current?.contains(to)) had.current = false;
};

function Choice() {
  const { callback, message } = chat.ways.value ?? {};
  const { way } = wish.value;
  const toggle = (/** @type {"callback" | "message"} */ one) => html`<button type="button" class="button"
    aria-expanded=${way === one} aria-controls="way-${one}" onClick=${() => choose(way === one ? "" : one)}>
    <${Icon} name=${one === "callback" ? "callback" : "email"} />${t(`chat.way.${one}`)}</button>`;
  return html`
    <div class="way-buttons" role="group" aria-label=${t("chat.ways.title")}>${callback && toggle("callback")}${message && toggle("message")}</div>
    ${callback && html`<div id="way-callback">${way === "callback" && html`<${CallbackForm} />`}</div>`}
    ${message && html`<div id="way-message">${way === "message" && html`<${MessageForm} />`}</div>`}`;
}

/** @param {{field: string}} props */
function Fault({ field }) {
  const wrong = fault.value?.field === field;
  return html`<span id="wrong-${field}" class="field-error" role="alert">${wrong && html`<${Icon} name="warn" class="small" />${fault.value?.text}`}</span>`;
}

/** A form that shows what is wrong at the field, and puts the focus there. @param {any} props */
function WayForm({ children, go }) {
  const form = useRef(/** @type {HTMLFormElement | null} */ (null));
  const first = useRef(true);
  useEffect(() => {
    const name = fault.value ? fault.value.field : first.current ? "" : null;
    first.current = false;
    if (name === null) return;
    const fields = /** @type {HTMLElement[]} */ ([...(form.current?.querySelectorAll("input, select, textarea") ?? [])]);
    (fields.find((one) => one.getAttribute("name") === name) ?? (name === "" ? fields[0] : null))?.focus();
  }, [fault.value]);
  const onSubmit = (/** @type {Event} */ event) => { event.preventDefault(); if (!pending.value) submit(); };
  return html`<form class="way-form" ref=${form} noValidate onSubmit=${onSubmit}>
    ${children}
    <${Fault} field="form" />
    <div class="way-buttons"><button type="submit" class="button primary" aria-disabled=${!!pending.value}>${pending.value ? t("chat.way.sending") : go}</button>
      <button type="button" class="button quiet" onClick=${() => choose("")}>${t("chat.way.no")}</button></div>
  </form>`;
}

/** @param {string} field @param {string} [hint] */
const described = (field, hint = "") => ({
  "aria-invalid": fault.value?.field === field ? "true" : undefined,
  "aria-describedby": [hint, fault.value?.field === field ? `wrong-${field}` : ""].filter(Boolean).join(" ") || undefined,
});

function CallbackForm() {
  const { phone, when } = wish.value;
  const example = chat.ways.value?.phone_example;
  const some = days.value.length > 0;
  const choice = (/** @type {"now" | "slot"} */ one) => html`<label class="tick"><input type="radio" name="when" value=${one}
    checked=${when === one} onChange=${() => change({ when: one })} /><span>${t(one === "now" ? "callback.when.now" : "chat.way.when.slot")}</span></label>`;
  return html`<${WayForm} go=${t("chat.way.callback.go")}>
    <div class="field"><label for="way-phone">${t("callback.phone")}</label>
      <input id="way-phone" type="tel" name="phone" inputmode="tel" autocomplete="tel" required maxlength="40" value=${phone} ...${described("phone", example ? "phone-hint" : "")}
        onInput=${(/** @type {any} */ event) => change({ phone: event.target.value })} />
      ${example && html`<span class="hint" id="phone-hint">${t("callback.phone.example", { example })}</span>`}
      <${Fault} field="phone" /></div>
    ${some && html`<fieldset class="when"><legend>${t("callback.when")}</legend>${choice("now")}${choice("slot")}
      ${when === "slot" && html`<${Times} />`}</fieldset>`}
    <${Fault} field="slot" />
  <//>`;
}

/** The day, and its times. */
function Times() {
  const { slot } = wish.value;
  const all = days.value;
  const chosen = all.find((one) => one.items.includes(slot)) ?? all[0];
  const length = (slots.value?.length_s ?? 0) * 1000;
  const onDay = (/** @type {any} */ event) => {
    if (event.target.value === "later") askSlots(true);
    else change({ slot: all[Number(event.target.value)].items[0] });
  };
  return html`<div class="times">
    <label class="field"><span>${t("callback.day")}</span><select name="day" onChange=${onDay}>
      ${all.map((one, at) => html`<option value=${at} selected=${one === chosen}>${one.name}</option>`)}
      ${slots.value?.more && html`<option value="later">${t("chat.way.later")}</option>`}
    </select></label>
    <label class="field"><span>${t("callback.time")}</span>
      <select name="slot" ...${described("slot")} onChange=${(/** @type {any} */ event) => change({ slot: event.target.value })}>
      ${chosen.items.map((start) => html`<option value=${start} selected=${start === slot}>${span(start, Date.parse(start) + length)}</option>`)}
    </select></label>
  </div>`;
}

/** @param {string | number} start @param {string | number} end */
const span = (start, end) => `${clockTime(start)}–${clockTime(end)}`;

function MessageForm() {
  const { email, text } = wish.value;
  useEffect(() => { if (!email && chat.identity.value?.email) change({ email: chat.identity.value.email }); }, []);
  return html`<${WayForm} go=${t("chat.way.message.go")}>
    <div class="field"><label for="way-email">${t("chat.start.email")}</label>
      <input id="way-email" type="email" name="email" autocomplete="email" required maxlength="254" value=${email} ...${described("email")}
        onInput=${(/** @type {any} */ event) => change({ email: event.target.value })} /><${Fault} field="email" /></div>
    <div class="field"><label for="way-text">${t("chat.way.message.text")} <span class="hint">${t("ui.optional")}</span></label>
      <textarea id="way-text" name="text" rows="3" maxlength="2000" value=${text} ...${described("text")}
        onInput=${(/** @type {any} */ event) => change({ text: event.target.value })}></textarea><${Fault} field="text" /></div>
  <//>`;
}

/** @param {{title: {current: HTMLElement | null}}} props */
function Confirmation({ title }) {
  const { way = "message", to, starts_at: start, ends_at: end } = chat.taken.value ?? {};
  const reference = chat.conversation.value?.reference;
  return html`<h2 ref=${title} tabindex="-1"><${Icon} name="ok" />${t(`chat.taken.${way}`, { to: to ?? "" })}</h2>
    ${way === "callback" && html`<p>${start && end ? t("chat.taken.when", { day: day(start), time: span(start, end) }) : t("booking.waits")}</p>`}
    ${reference && html`<p>${t("callback.done.reference")} <strong class="reference">${reference}</strong></p>`}`;
}

function Links() {
  const { link, calendar } = chat.taken.value ?? {};
  if (!link) return null;
  return html`<p class="way-buttons"><a class="button" href=${link} target="_blank" rel="noopener">${t("callback.done.cancel")}</a>
    ${calendar && html`<a class="button" href=${calendar} download>${t("booking.calendar")}</a>`}</p>`;
}
