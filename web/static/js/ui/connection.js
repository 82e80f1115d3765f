// @ts-check
import { useEffect, useState } from "preact/hooks";
import { second } from "../clock.js";
import { html } from "../html.js";
import { t } from "../i18n.js";
import { Icon } from "./icon.js";

const BANNER_AFTER_MS = 1500;
const BACK_MS = 3000;

/**
 * Tells a loss after 1.5 s, since shorter ones mend themselves, and the return.
 * @param {{socket: import("../socket.js").LiveSocket}} props
 */
export function Connection({ socket }) {
  second.value;
  const lostAt = socket.lostAt.value;
  const lost = lostAt !== null && Date.now() - lostAt >= BANNER_AFTER_MS;
  const [told, setTold] = useState(false);
  const [back, setBack] = useState(false);
  useEffect(() => {
    if (lost) setTold(true);
    if (lostAt !== null || !told) return undefined;
    setTold(false);
    setBack(true);
    const timer = setTimeout(() => setBack(false), BACK_MS);
    return () => clearTimeout(timer);
  }, [lost, lostAt]);
  return html`<div role="status" class="banner-region">
    ${lost && html`<div class="banner amber"><${Icon} name="warn" /><span>${t("connection.lost")}</span></div>`}
    ${!lost && back && html`<div class="banner green"><${Icon} name="ok" /><span>${t("connection.back")}</span></div>`}
  </div>`;
}
