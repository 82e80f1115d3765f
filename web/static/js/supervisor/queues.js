// @ts-check
/** One line a queue; every heading sorts. */
import { now, second } from "../clock.js";
import { html } from "../html.js";
import { ms, number, percent, span, t, waitRange } from "../i18n.js";
import { Icon } from "../ui/icon.js";
import { drawer, queues, sortBy, sorting } from "./state.js";
import { levels } from "./thresholds.js";

/** @typedef {import("./state.js").QueueRow} QueueRow */
/** Column: what to sort by, and whether the first click puts the highest on top. @type {[string, (row: QueueRow) => any, boolean][]} */
const COLUMNS = [
  ["name", (row) => row.name, false],
  ["waiting", (row) => row.waiting, true],
  ["longest", (row) => (row.longest_wait_since ? -ms(row.longest_wait_since) : -Infinity), true],
  ["expected", (row) => row.expected_wait?.high_s ?? -1, true],
  ["service_level", (row) => row.service_level ?? 2, false],
  ["asa", (row) => row.asa_s ?? -1, true],
  ["offered", (row) => row.offered_legs, true],
  ["answered", (row) => row.answered, true],
  ["abandon", (row) => row.abandon_rate ?? -1, true],
  ["backlog", (row) => row.backlog, true],
  ["free", (row) => row.free, true],
  ["ringing", (row) => row.ringing, true],
  ["busy", (row) => row.busy, true],
  ["wrap_up", (row) => row.wrap_up, true],
  ["away", (row) => row.away, true],
];

function sorted() {
  const { column, down } = sorting.value;
  const value = (COLUMNS.find(([name]) => name === column) ?? COLUMNS[1])[1];
  const sign = down ? -1 : 1;
  return [...queues.value].sort((a, b) => {
    const [left, right] = [value(a), value(b)];
    return (left < right ? -sign : left > right ? sign : 0) || a.name.localeCompare(b.name);
  });
}

export function QueueTable() {
  second.value;
  const { column, down } = sorting.value;
  return html`<div class="card">
    <h2 id="queues-title">${t("board.queues")}</h2>
    <div class="scroller" tabindex="0" role="region" aria-labelledby="queues-title">
      <table class="figures-table">
        <thead><tr>${COLUMNS.map(([name, , first]) => html`<th key=${name} scope="col" class=${name === "name" ? "text" : ""}
          aria-sort=${column === name ? (down ? "descending" : "ascending") : undefined}>
          <button type="button" title=${t(`metric.${name}.means`)} onClick=${() => sortBy(name, first)}>
            <span>${t(`metric.${name}`)}</span><${Icon} name=${column !== name ? "sort" : down ? "down" : "up"} class="small" />
          </button></th>`)}</tr></thead>
        <tbody>${sorted().map((row) => html`<${Line} key=${row.name} row=${row} at=${now()} />`)}</tbody>
      </table>
      ${queues.value.length === 0 && html`<p class="hint">${t("board.no_queues")}</p>`}
    </div>
  </div>`;
}

/** A figure with its level as icon, word and colour. @param {{level?: string, children?: any}} props */
function Figure({ level = "", children }) {
  const bad = level === "amber" || level === "red";
  return html`<td class="figure ${level}">${bad && html`<${Icon} name=${level === "red" ? "alarm" : "warn"} class="small" />`}${children}
    ${bad && html`<span class="level-word">${t(`level.${level}`)}</span>`}</td>`;
}

/** @param {{row: QueueRow, at: number}} props */
function Line({ row, at }) {
  const level = levels(row, at);
  const open = () => void (drawer.value = { queue: row.name });
  return html`<tr>
    <th scope="row" class="text"><button type="button" class="row-link" onClick=${open}>${row.name}</button></th>
    <td class="figure strong ${row.waiting ? "" : "zero"}">${number(row.waiting)}</td>
    <${Figure} level=${level.longest}>${row.longest_wait_since ? span(at - ms(row.longest_wait_since)) : "–"}<//>
    <td class="figure">${row.expected_wait ? waitRange(row.expected_wait, true) : "–"}</td>
    <${Figure} level=${level.service_level}>${row.service_level === null ? "–" : percent(row.service_level)}<//>
    <td class="figure">${row.asa_s === null ? "–" : span(row.asa_s * 1000)}</td>
    <td class="figure">${number(row.offered_legs)}</td>
    <td class="figure">${number(row.answered)}</td>
    <${Figure} level=${level.abandon_rate}>${row.abandon_rate === null ? "–" : percent(row.abandon_rate)}
      ${row.short_abandoned > 0 && html` <span class="hint" title=${t("metric.short.means")}>+${number(row.short_abandoned)}</span>`}<//>
    <td class="figure">${number(row.backlog)}</td>
    <${Figure} level=${level.free}>${number(row.free)}<//>
    ${[row.ringing, row.busy, row.wrap_up, row.away].map((value) => html`<td class="figure ${value ? "" : "zero"}">${number(value)}</td>`)}
  </tr>`;
}
