// @ts-check
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { html } from "../html.js";
import { Icon } from "./icon.js";

/**
 * A button that opens a small panel. Escape and a click elsewhere close it; the focus goes back to the button.
 * Panels hold ordinary buttons and fields, so no menu roles: Tab and arrow keys both work.
 * @param {{label: any, class?: string, title?: string, align?: string, up?: boolean, disabled?: boolean,
 *   opener?: {current: null | (() => void)}, children: (close: () => void) => any}} props
 */
export function Menu({ label, class: extra = "", title, align = "start", up = false, disabled, opener, children }) {
  const [open, setOpen] = useState(false);
  const root = useRef(/** @type {HTMLElement | null} */ (null));
  const button = useRef(/** @type {HTMLButtonElement | null} */ (null));
  const panel = useId();
  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  if (opener) opener.current = () => setOpen(true);
  useEffect(() => {
    if (!open) return undefined;
    /** @type {HTMLElement | null | undefined} */ (root.current?.querySelector(".menu-panel :is(button, select, input)"))?.focus();
    const away = (/** @type {Event} */ event) => {
      if (!root.current?.contains(/** @type {Node} */ (event.target))) setOpen(false);
    };
    document.addEventListener("pointerdown", away);
    return () => document.removeEventListener("pointerdown", away);
  }, [open]);
  return html`<div class="menu" ref=${root} onKeyDown=${(/** @type {KeyboardEvent} */ event) => open && keys(event, root.current, close)}>
    <button ref=${button} type="button" class="button ${extra}" aria-expanded=${open} aria-controls=${panel}
      title=${title} disabled=${disabled} onClick=${() => setOpen(!open)}>
      ${label}<${Icon} name="down" class="small" />
    </button>
    ${open && html`<div id=${panel} class="menu-panel ${align} ${up ? "up" : ""}">${children(close)}</div>`}
  </div>`;
}

/** @param {KeyboardEvent} event @param {HTMLElement | null} root @param {() => void} close */
function keys(event, root, close) {
  if (event.code === "Escape") {
    event.stopPropagation();
    close();
  }
  const field = /** @type {HTMLElement} */ (event.target).matches("select, input, textarea");
  if (field || !["ArrowDown", "ArrowUp"].includes(event.code)) return;
  event.preventDefault();
  const items = [.../** @type {NodeListOf<HTMLElement>} */ (root?.querySelectorAll(".menu-panel :is(button, select, input):not(:disabled)") ?? [])];
  const step = event.code === "ArrowDown" ? 1 : -1;
  const at = items.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  items[(at + step + items.length) % items.length]?.focus();
}
