// @ts-check
import { logOut } from "../api.js";
import { now, second } from "../clock.js";
import { html } from "../html.js";
import { ms, span, t, word } from "../i18n.js";
import { setVolume, testTone, unlock, volume } from "../sound.js";
import { Icon, MediumIcon } from "../ui/icon.js";
import { Menu } from "../ui/menu.js";
import { LanguageChoice, ThemeChoice } from "../ui/theme.js";
import { toastError } from "../ui/toast.js";
import { running, setPresence } from "./actions.js";
import { accepted, missing } from "./alerts.js";
import { AWAY } from "./presences.js";
import { agent, dialog, me } from "./state.js";

/** @param {{presence: {current: null | (() => void)}, socket: import("../socket.js").LiveSocket}} props */
export function Header({ presence, socket }) {
  const mine = agent.value;
  return html`<header class="top">
    <a class="brand" href="/"><${Icon} name="mark" /><span>Centrala</span></a>
    <h1 class="sr-only">${t("desk.title")}</h1>
    ${mine && html`<${PresenceMenu} mine=${mine} opener=${presence} socket=${socket} />`}
    ${mine && html`<${Load} mine=${mine} />`}
    <span class="spring"></span>
    ${missing(socket.open.value).some((one) => one.name !== "socket") && html`<button type="button" class="button quiet alerting"
      title=${t("alerts.may_miss.short")} onClick=${() => void (dialog.value = { name: "readiness" })}>
      <${Icon} name="bell" /><${Icon} name="warn" class="small" /><span class="sr-only">${t("alerts.may_miss.short")}</span></button>`}
    <button type="button" class="button quiet" onClick=${() => void (dialog.value = { name: "keys" })} title=${t("keys.title")}>
      <${Icon} name="keyboard" /><span class="wide-only">${t("keys.short")}</span>
    </button>
    <${Menu} class="quiet" align="end" label=${html`<${Icon} name="user" /><span class="sr-only">${t("desk.my_menu")}</span> <span class="wide-only">${me.value?.name}</span>`}>
      ${() => html`<${Settings} />`}
    <//>
  </header>`;
}

function Settings() {
  return html`<p class="menu-title">${me.value?.name}</p>
    <label class="field row">
      <span>${t("sound.volume")}</span>
      <input type="range" min="0" max="1" step="0.05" value=${volume.value}
        onInput=${(/** @type {any} */ event) => setVolume(Number(event.target.value))} />
    </label>
    <button type="button" class="menu-item" onClick=${() => unlock().then(testTone)}><${Icon} name="sound" />${t("sound.test")}</button>
    <button type="button" class="menu-item" onClick=${() => void (dialog.value = { name: "readiness" })}><${Icon} name="bell" />${t("alerts.check")}</button>
    <hr />
    <${ThemeChoice} />
    <${LanguageChoice} />
    <hr />
    <button type="button" class="menu-item" onClick=${() => logOut().catch(toastError)}><${Icon} name="leave" />${t("ui.log_out")}</button>`;
}

/** How full the agent is: a bar and its figures. @param {{mine: import("./types.js").Agent}} props */
function Load({ mine }) {
  if (!mine.capacity) return null;
  return html`<span class="load wide-only" title=${t("desk.load.title")}>
    <span class="sr-only">${t("desk.load.title")}: </span>
    <meter min="0" max=${mine.capacity} value=${mine.used}></meter>
    <span class="figures">${mine.used}/${mine.capacity}</span>
  </span>`;
}

/** @param {{mine: import("./types.js").Agent, opener: any, socket: import("../socket.js").LiveSocket}} props */
function PresenceMenu({ mine, opener, socket }) {
  second.value;
  const label = html`<span class="dot ${mine.presence}"></span>
    <span class="presence-word">${word("presence", mine.presence)}</span>
    ${mine.reason && html`<span class="presence-reason">${word("reason", mine.reason)}</span>`}
    <span class="figures" aria-hidden="true">${span(now() - ms(mine.since))}</span>
    ${mine.after_current && html`<span class="pending">${t("presence.then", { presence: word("presence", mine.after_current) })}</span>`}`;
  return html`<${Menu} class="presence ${mine.presence}" label=${label} opener=${opener} disabled=${running.value.presence}>
    ${(/** @type {() => void} */ close) => html`<${PresenceChoices} mine=${mine} socket=${socket} close=${close} />`}
  <//>`;
}

/** @param {{mine: import("./types.js").Agent, socket: import("../socket.js").LiveSocket, close: () => void}} props */
function PresenceChoices({ mine, socket, close }) {
  const busyNow = mine.interactions.length > 0;
  const goAvailable = () => {
    close();
    if (missing(socket.open.value).some((one) => !accepted.value.includes(one.name))) dialog.value = { name: "readiness", id: "available" };
    else setPresence({ presence: "available" });
  };
  const choose = (/** @type {Record<string, any>} */ change) => {
    close();
    setPresence(change);
  };
  const away = (/** @type {string} */ reason) => html`<div class="menu-split" key=${reason}>
    <button type="button" class="menu-item" aria-current=${mine.presence === "away" && mine.reason === reason}
      onClick=${() => choose({ presence: "away", reason })}><span class="dot away"></span>${word("reason", reason)}</button>
    ${busyNow && mine.presence === "available" && html`<button type="button" class="menu-item after"
      aria-label=${`${word("reason", reason)}, ${t("presence.after_current")}`}
      onClick=${() => choose({ presence: "away", reason, after_current: true })}>${t("presence.after_current")}</button>`}
  </div>`;
  return html`
    <button type="button" class="menu-item" aria-current=${mine.presence === "available"} onClick=${goAvailable}>
      <span class="dot available"></span>${word("presence", "available")}</button>
    <button type="button" class="menu-item" aria-current=${mine.presence === "busy"} onClick=${() => choose({ presence: "busy" })}>
      <span class="dot busy"></span>${word("presence", "busy")}</button>
    <p class="menu-title">${word("presence", "away")}</p>
    ${AWAY.map(away)}
    <button type="button" class="menu-item" aria-current=${mine.presence === "offline"} onClick=${() => choose({ presence: "offline" })}>
      <span class="dot offline"></span>${word("presence", "offline")}</button>
    <p class="menu-title">${t("presence.media")}</p>
    ${switchable(mine).map((medium) => html`<${MediumSwitch} key=${medium} mine=${mine} medium=${medium} />`)}`;
}

/** Media that have no channel yet stay hidden unless they are off. @param {import("./types.js").Agent} mine */
const switchable = (mine) => Object.keys(mine.media ?? {}).filter((one) => !["voice", "video"].includes(one) || !mine.media[one]);

/** @param {{mine: import("./types.js").Agent, medium: string}} props */
function MediumSwitch({ mine, medium }) {
  const flip = (/** @type {any} */ event) =>
    // The declared presence stays; `not_responding` and the like can't be declared, and a switch doesn't end them.
    setPresence({
      presence: ["available", "busy", "away", "offline"].includes(mine.presence) ? mine.presence : "busy",
      ...(mine.presence === "away" && mine.reason && { reason: mine.reason }),
      media: { [medium]: event.target.checked },
    });
  return html`<label class="menu-item switch">
    <${MediumIcon} medium=${medium} /><span>${word("medium", medium)}</span>
    <input type="checkbox" role="switch" checked=${mine.media[medium]} onChange=${flip} />
  </label>`;
}
