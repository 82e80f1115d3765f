// @ts-check
import { html } from "../html.js";
import { percent, t, word } from "../i18n.js";
import { Icon } from "../ui/icon.js";

const USUAL = ["normal", "neutral"];
const ICONS = /** @type {Record<string, string>} */ ({
  high: "alarm", low: "down", negative: "frown", positive: "smile", normal: "clock", neutral: "ok",
});

/** Urgency and mood of what the customer wrote, where they are unusual. @param {{heads: import("./types.js").Heads}} props */
export function HeadTags({ heads }) {
  return ["urgency", "sentiment"].map((head) => {
    const [value] = heads?.[head] ?? [""];
    if (!value || USUAL.includes(value)) return null;
    return html`<span class="tag head-${value}"><${Icon} name=${ICONS[value]} class="small" />${word(head, value)}</span>`;
  });
}

/** The same with department and certainty, the usual too. @param {{heads: import("./types.js").Heads}} props */
export function HeadFacts({ heads }) {
  return ["department", "urgency", "sentiment"].map((head) => {
    const [value, share] = heads?.[head] ?? ["", 0];
    if (!value) return null;
    return html`<div>
      <dt>${t(`interaction.${head}`)}</dt>
      <dd>${ICONS[value] && html`<${Icon} name=${ICONS[value]} class="small" />`} ${word(head, value)} <span class="figures">${percent(share)}</span></dd>
    </div>`;
  });
}
