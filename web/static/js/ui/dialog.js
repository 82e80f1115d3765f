// @ts-check
import { useEffect, useId, useRef } from "preact/hooks";
import { html } from "../html.js";
import { t } from "../i18n.js";
import { Icon } from "./icon.js";

/**
 * A modal dialog. The browser's own <dialog> traps the focus, closes on Escape and gives the focus back.
 * @param {{title: string, onClose: () => void, wide?: boolean, children?: any}} props
 */
export function Dialog({ title, onClose, wide = false, children }) {
  const ref = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const heading = useId();
  const shown = useRef("");
  useEffect(() => {
    // What was focused is gone with the old content, so the new content's heading is read.
    if (shown.current && shown.current !== title) document.getElementById(heading)?.focus();
    shown.current = title;
  }, [title]);
  // Browsers close a dialog by themselves when they take a second refusal for a trap; what is still wanted is shown again.
  useEffect(() => { if (ref.current && !ref.current.open) ref.current.showModal(); });
  useEffect(() => {
    const opener = /** @type {HTMLElement | null} */ (document.activeElement);
    return () => {
      // Unmounting a modal dialog skips close(), which is what would give the focus back.
      if (opener?.isConnected) opener.focus();
    };
  }, []);
  return html`<dialog
    ref=${ref}
    class="dialog ${wide ? "wide" : ""}"
    aria-labelledby=${heading}
    onKeyDown=${(/** @type {KeyboardEvent} */ event) => {
      if (event.code !== "Escape" || event.isComposing) return;
      event.preventDefault();
      event.stopPropagation();
      onClose();
    }}
    onClose=${() => ref.current?.isConnected && onClose()}
    onCancel=${(/** @type {Event} */ event) => { event.preventDefault(); onClose(); }}
    onClick=${(/** @type {Event} */ event) => event.target === ref.current && onClose()}
  >
    <div class="dialog-body">
      <header class="dialog-head">
        <h2 id=${heading} tabindex="-1">${title}</h2>
        <button type="button" class="button quiet square" onClick=${onClose} aria-label=${t("ui.close")}>
          <${Icon} name="close" />
        </button>
      </header>
      ${children}
    </div>
  </dialog>`;
}
