// @ts-check
/**
 * Keys of the desk. Bound by `event.code`, so they stay where they are on any layout, and never with Alt or AltGr, which
 * write letters. Function keys work everywhere, letters only outside of text. Both kinds can be switched off or moved.
 */
import { signal } from "@preact/signals";
import { kept } from "../stored.js";

/** Binding by command: a code, with `Shift+` in front if need be. */
export const DEFAULTS = {
  accept: "F2", decline: "Shift+F2", next: "F8", previous: "Shift+F8", presence: "F9", end: "F4", transfer: "Shift+F4",
  reply: "KeyR", note: "KeyN", park: "KeyP", label: "KeyL", panel: "KeyC", pin: "KeyO", answers: "KeyJ",
  answers_not: "KeyK", help: "Shift+Slash",
};
/** Commands that mean "in a text field too". @param {string} binding */
const isFunctionKey = (binding) => /F\d+$/.test(binding);

export const bindings = signal(/** @type {Record<string, string>} */ ({ ...DEFAULTS, ...kept.get("keys", {}) }));
export const enabled = signal(/** @type {boolean} */ (kept.get("keys_on", true)));

/** @param {boolean} on */
export function setEnabled(on) {
  enabled.value = on;
  kept.set("keys_on", on);
}

/** Give a command another key; whoever had it gets this command's old one. @param {string} command @param {string} binding */
export function rebind(command, binding) {
  const other = Object.keys(bindings.value).find((one) => bindings.value[one] === binding);
  const next = { ...bindings.value, [command]: binding };
  if (other && other !== command) next[other] = bindings.value[command];
  bindings.value = next;
  kept.set("keys", next);
}

export function restoreDefaults() {
  bindings.value = { ...DEFAULTS };
  kept.set("keys", null);
}

/** The binding that an event stands for; "" if it may be writing. @param {KeyboardEvent} event */
export function bindingOf(event) {
  if (event.isComposing || event.altKey || event.ctrlKey || event.metaKey || event.getModifierState("AltGraph")) return "";
  return (event.shiftKey ? "Shift+" : "") + event.code;
}

/** How a binding is written on a key cap. @param {string} binding */
export const cap = (binding) =>
  binding === "Shift+Slash" ? "?" : binding.replace("Key", "").replace("Digit", "").replace("Shift+", "⇧ ");

/** @param {EventTarget | null} target */
const writes = (target) =>
  target instanceof HTMLElement && (target.matches("input, textarea, select") || target.isContentEditable);

/** @param {Record<string, () => void>} commands @returns {() => void} stops listening */
export function listen(commands) {
  const onKey = (/** @type {KeyboardEvent} */ event) => {
    if (!enabled.value && bindingOf(event) !== bindings.value.help) return;
    const binding = bindingOf(event);
    const command = Object.keys(bindings.value).find((one) => binding && bindings.value[one] === binding);
    if (!command || event.repeat || event.defaultPrevented) return;
    const inDialog = document.querySelector("dialog[open]") !== null;
    if (inDialog && !["accept", "decline"].includes(command)) return;
    // "?" by its character too: it lies elsewhere on other layouts.
    if (!isFunctionKey(binding) && (writes(event.target) || inDialog)) return;
    event.preventDefault();
    commands[command]?.();
  };
  const onQuestionMark = (/** @type {KeyboardEvent} */ event) => {
    const help = event.key === "?" && !writes(event.target) && bindings.value.help === DEFAULTS.help;
    if (!help || event.defaultPrevented || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    commands.help?.();
  };
  addEventListener("keydown", onKey);
  addEventListener("keydown", onQuestionMark);
  return () => {
    removeEventListener("keydown", onKey);
    removeEventListener("keydown", onQuestionMark);
  };
}
