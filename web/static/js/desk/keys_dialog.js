// @ts-check
import { useState } from "preact/hooks";
import { html } from "../html.js";
import { t } from "../i18n.js";
import { Dialog } from "../ui/dialog.js";
import { bindingOf, bindings, cap, DEFAULTS, enabled, rebind, restoreDefaults, setEnabled } from "./keys.js";

const MODIFIERS = /^(Shift|Control|Alt|Meta|CapsLock|Fn|OS)/;
const NEVER = new Set(["Escape", "Tab", "Enter", "Space", "NumpadEnter", "Backspace"]);

/** @param {{onClose: () => void}} props */
export function KeysDialog({ onClose }) {
  const [asking, setAsking] = useState("");
  const onKey = (/** @type {KeyboardEvent} */ event) => {
    if (!asking) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.code === "Escape") return setAsking("");
    const binding = bindingOf(event);
    if (!binding || MODIFIERS.test(event.code) || NEVER.has(event.code)) return;
    rebind(asking, binding);
    setAsking("");
  };
  return html`<${Dialog} title=${t("keys.title")} onClose=${() => (asking ? setAsking("") : onClose())}>
    <div onKeyDown=${onKey}>
      <label class="switch-line"><input type="checkbox" role="switch" checked=${enabled.value}
        onChange=${(/** @type {any} */ event) => setEnabled(event.target.checked)} /><span>${t("keys.on")}</span></label>
      <p class="hint">${t("keys.where")}</p>
      <table class="keys"><thead class="sr-only"><tr><th>${t("keys.command")}</th><th>${t("keys.key")}</th><th>${t("keys.change")}</th></tr></thead>
        <tbody>
          ${Object.keys(DEFAULTS).map((command) => html`<tr key=${command}>
            <th scope="row">${t(`keys.${command}`)}</th>
            <td><kbd>${cap(bindings.value[command])}</kbd></td>
            <td><button type="button" class="button quiet" aria-label=${t("keys.change_one", { command: t(`keys.${command}`) })}
              onClick=${() => setAsking(command)}>${asking === command ? t("keys.press") : t("keys.change")}</button></td></tr>`)}
          <tr><th scope="row">${t("keys.send_chat")}</th><td><kbd>Enter</kbd></td><td></td></tr>
          <tr><th scope="row">${t("keys.send_email")}</th><td><kbd>Ctrl Enter</kbd></td><td></td></tr>
          <tr><th scope="row">${t("keys.out")}</th><td><kbd>Esc</kbd></td><td></td></tr>
        </tbody></table>
      <footer class="dialog-foot">
        <button type="button" class="button" onClick=${restoreDefaults}>${t("keys.defaults")}</button>
        <button type="button" class="button primary" onClick=${onClose}>${t("ui.done")}</button>
      </footer>
    </div>
  <//>`;
}
