// @ts-check
import { html } from "../html.js";
import { exactTime, known, t } from "../i18n.js";
import { Icon } from "../ui/icon.js";
import { activity, agentName, drawer, paused, togglePause } from "./state.js";

/** What happened, in words. Events that the catalogue doesn't know are told by the server. @param {import("./state.js").Activity} line */
function inWords(line) {
  const key = `event.${line.event}${line.result ? `.${line.result}` : ""}`;
  return known(key) ? t(key, { agent: agentName(line.agent), queue: line.queue ?? "" }) : line.text || line.event;
}

export function ActivityLog() {
  return html`<section class="card log" aria-labelledby="log-title">
    <div class="card-head"><h2 id="log-title">${t("board.activity")}</h2>
      <button type="button" class="button quiet" aria-pressed=${paused.value} onClick=${togglePause}>
        <${Icon} name=${paused.value ? "play" : "pause"} />${paused.value ? t("board.go_on") : t("board.pause")}</button></div>
    <ol class="log-lines" tabindex="0" aria-labelledby="log-title">
      ${activity.value.map((line) => html`<li key=${line.seq}>
        <time class="figures" datetime=${line.at}>${exactTime(line.at)}</time>
        <span>${inWords(line)}</span>
        ${line.interaction && html`<button type="button" class="link" onClick=${() => void (drawer.value = { interaction: line.interaction })}>${t("board.show")}</button>`}
      </li>`)}
    </ol>
    ${activity.value.length === 0 && html`<p class="hint">${t("board.quiet")}</p>`}
  </section>`;
}
