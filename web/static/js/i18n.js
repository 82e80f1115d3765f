// @ts-check
/** Words, plurals, numbers and instants in the page's language. */

export const language = document.documentElement.lang || "en";
/** All that the pages speak, as the template says. */
export const languages = (document.documentElement.dataset.languages ?? language).split(" ");

/** @type {Record<string, string | Record<string, string>>} */
let catalogue = {};
const plurals = new Intl.PluralRules(language);
const whole = new Intl.NumberFormat(language);
const percents = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 1 });
const inSeconds = new Intl.NumberFormat(language, { style: "unit", unit: "second", unitDisplay: "narrow" });
const hourAndMinute = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const toTheSecond = new Intl.DateTimeFormat(language, {
  hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
});
const dayAndTime = new Intl.DateTimeFormat(language, {
  day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
});
const wholeDay = new Intl.DateTimeFormat(language, { weekday: "long", day: "numeric", month: "long" });

/** Fetch the catalogue that the page's template names; pages wait for it before they render. */
export async function loadCatalogue() {
  const address = document.documentElement.dataset.catalogue ?? `/static/locales/${language}.json`;
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`catalogue ${address}: ${answer.status}`);
  catalogue = await answer.json();
}

/**
 * The text behind `key`. `vars.count` chooses the plural form. An unknown key comes back as it is, so that it shows.
 * @param {string} key
 * @param {Record<string, string | number>} [vars]
 */
export function t(key, vars = {}) {
  const entry = catalogue[key];
  if (entry === undefined) return key;
  const text = typeof entry === "string" ? entry : entry[plurals.select(Number(vars.count ?? 0))] ?? entry.other;
  return text.replace(/\{(\w+)\}/g, (hole, name) => {
    const value = vars[name];
    return value === undefined ? hole : typeof value === "number" ? whole.format(value) : value;
  });
}

/**
 * The word for a code of the server, such as a presence reason. Codes that a site made up are shown readably.
 * @param {string} group @param {string | null | undefined} code
 */
export function word(group, code) {
  if (!code) return "";
  const key = `${group}.${code}`;
  return key in catalogue ? t(key) : code.replaceAll("_", " ");
}

/** @param {string} key */
export const known = (key) => key in catalogue;

/** The name of a language in the page's language. @param {string | null | undefined} code */
export function languageName(code) {
  if (!code) return "";
  try {
    return new Intl.DisplayNames(language, { type: "language" }).of(code) ?? code;
  } catch {
    return code;
  }
}

/** The name of a language in itself, so that everybody finds his own. @param {string} code */
export function ownName(code) {
  const name = new Intl.DisplayNames(code, { type: "language" }).of(code) ?? code;
  return name.charAt(0).toLocaleUpperCase(code) + name.slice(1);
}

/** @param {number} value */
export const number = (value) => whole.format(value);
/** @param {number} share 0 to 1 */
export const percent = (share) => percents.format(share);

/** The amount with its currency, whole units. @param {number} amount @param {string | null} currency */
export function money(amount, currency) {
  if (!currency) return number(amount);
  return new Intl.NumberFormat(language, { style: "currency", currency, maximumFractionDigits: 0 }).format(amount);
}

/** Begun seconds as `20s`, `20 с`. @param {number} value */
export const secondsShort = (value) => inSeconds.format(Math.ceil(value));

/** `4:05`, `1:04:05`, `2 d 3 h`. @param {number} ms */
export function span(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds >= 86400) {
    return t("time.days_hours", { days: Math.floor(seconds / 86400), hours: Math.floor((seconds % 86400) / 3600) });
  }
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  const minutes = Math.floor(seconds / 60) % 60;
  if (seconds >= 3600) return `${Math.floor(seconds / 3600)}:${two(minutes)}:${two(seconds % 60)}`;
  return `${minutes}:${two(seconds % 60)}`;
}

/** Milliseconds since the epoch. @param {string | number | null | undefined} instant */
export function ms(instant) {
  if (instant == null) return NaN;
  return typeof instant === "number" ? instant : Date.parse(instant);
}

/** @param {string | number} instant */
export const clockTime = (instant) => hourAndMinute.format(ms(instant));
/** @param {string | number} instant */
export const exactTime = (instant) => toTheSecond.format(ms(instant));
/** @param {string | number} instant */
export const dayTime = (instant) => dayAndTime.format(ms(instant));
/** @param {string | number} instant */
export const day = (instant) => wholeDay.format(ms(instant));
/** Time alone for today, else with the day. @param {string | number} instant */
export function shortTime(instant) {
  return new Date(ms(instant)).toDateString() === new Date().toDateString() ? clockTime(instant) : dayTime(instant);
}

/** "2-5 min". @param {{low_s: number, high_s: number} | null | undefined} wait @param {boolean} [short] for tables */
export function waitRange(wait, short = false) {
  if (!wait) return "";
  if (wait.high_s < 60) return t(short ? "time.under_a_minute.short" : "time.under_a_minute");
  const low = Math.max(0, Math.floor(wait.low_s / 60));
  const high = Math.ceil(wait.high_s / 60);
  return low === high ? t("time.about_minutes", { count: high }) : t("time.range_minutes", { low, count: high });
}
