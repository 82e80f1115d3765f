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
  useEffect(() => {
    const opener = /** @type {HTMLElement | null} */ (document.activeElement);
    ref.current?.showModal();
    return () => {
      // Unmounting a modal dialog skips close(), which is what would give the focus back.
      if (opener?.isConnected) opener.focus();
    };
  }, []);
  return html`<dialog
    ref=${ref}
    class="dialog ${wide ? "wide" : ""}"
    aria-labelledby=${heading}
    onCancel=${(/** @type {Event} */ event) => { event.preventDefault(); onClose(); }}
    onClick=${(/** @type {Event} */ event) => event.target === ref.current && onClose()}
  >
    <div class="dialog-body">
      <header class="dialog-head">
        <h2 id=${heading}>${title}</h2>
        <button type="button" class="button quiet square" onClick=${onClose} aria-label=${t("ui.close")}>
          <${Icon} name="close" />
        </button>
      </header>
      ${children}
    </div>
  </dialog>`;
}
