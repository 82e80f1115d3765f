// @ts-check
/** The check before a shift: will this browser wake the operator up? */
import { useState } from "preact/hooks";
import { html } from "../html.js";
import { t } from "../i18n.js";
import { testTone, unlock, unlocked } from "../sound.js";
import { Dialog } from "../ui/dialog.js";
import { Icon } from "../ui/icon.js";
import { setPresence } from "./actions.js";
import { accepted, askPermission, live, missing, permission } from "./alerts.js";
import { agent, dialog } from "./state.js";

/** Problems that belong to a line of the check under another name. @type {Record<string, string[]>} */
const ALSO = { notify: ["notify_denied"], sound: ["volume"] };

/** Stays on top while something is missing that the operator hasn't accepted, and shorter after. @param {{socketOpen: boolean}} props */
export function AlertBanner({ socketOpen }) {
  const presence = agent.value?.presence;
  // The connection has its own banner.
  const found = missing(socketOpen).filter((one) => one.name !== "socket" && !accepted.value.includes(one.name));
  const needed = presence === "available" || presence === "not_responding";
  const stopped = presence === "not_responding" || presence === "disconnected";
  return html`<div role="status" class="banner-region">
    ${stopped && html`<div class="banner red">
      <${Icon} name="alarm" /><span>${t(`desk.stopped.${presence}`)}</span>
      <button type="button" class="button" onClick=${() => setPresence({ presence: "available" })}>${t("desk.stopped.return")}</button>
    </div>`}
    ${needed && found.length > 0 && html`<div class="banner ${found.some((one) => one.level === "red") ? "red" : "amber"}">
      <${Icon} name="warn" />
      <span>${t("alerts.may_miss")} ${found.map((one) => t(`alerts.${one.name}.missing`)).join(" ")}</span>
      ${found.length === 1 && found[0].fix
        ? html`<button type="button" class="button" onClick=${found[0].fix}>${t("alerts.fix")}</button>`
        : html`<button type="button" class="button" onClick=${() => void (dialog.value = { name: "readiness" })}>${t("alerts.fix")}</button>`}
    </div>`}
  </div>`;
}

/** In the banner it goes on after a colon, here it stands alone. @param {string} text */
const sentence = (text) => text.charAt(0).toLocaleUpperCase() + text.slice(1);

/** @param {{id?: string, socketOpen: boolean, onClose: () => void}} props `id` "available": he is on his way there */
export function ReadinessDialog({ id, socketOpen, onClose }) {
  const [tested, setTested] = useState(false);
  const found = missing(socketOpen);
  const goes = id === "available";
  const finish = () => {
    live(found.map((one) => one.name).filter((name) => name !== "socket"));
    onClose();
    if (goes) setPresence({ presence: "available" });
  };
  const test = () => unlock().then(() => { testTone(); setTested(true); });
  const line = (/** @type {string} */ name, /** @type {any} */ extra = null) => {
    const problem = found.find((one) => one.name === name || ALSO[name]?.includes(one.name));
    return html`<li class="check ${problem?.level ?? "green"}">
      <${Icon} name=${!problem ? "ok" : problem.level === "red" ? "alarm" : "warn"} />
      <div><strong>${t(`alerts.${name}`)}</strong>
        <p>${problem ? sentence(t(`alerts.${problem.name}.missing`)) : t(`alerts.${name}.ok`)}</p></div>
      ${extra ?? (problem?.fix && html`<button type="button" class="button" onClick=${problem.fix}>${t("alerts.fix")}</button>`)}
    </li>`;
  };
  return html`<${Dialog} title=${t("alerts.title")} onClose=${onClose}>
    <p class="hint">${t("alerts.why")}</p>
    <ul class="checks">
      ${line("socket")}
      ${line("sound", found.some((one) => one.name === "volume") ? null
        : html`<button type="button" class="button" onClick=${test}><${Icon} name="sound" />${t("sound.test")}</button>`)}
      ${line("notify", permission.value === "default"
        ? html`<button type="button" class="button" onClick=${askPermission}>${t("alerts.allow")}</button>` : null)}
      ${line("clock")}
    </ul>
    <p role="status" class="hint">${tested && unlocked.value ? t("alerts.heard") : ""}</p>
    <footer class="dialog-foot">
      <button type="button" class="button" onClick=${onClose}>${t("ui.cancel")}</button>
      <button type="button" class="button primary" autofocus disabled=${goes && !socketOpen} onClick=${finish}>
        ${goes ? (found.length ? t("alerts.go_anyway") : t("alerts.go")) : t("ui.done")}</button>
    </footer>
  <//>`;
}
