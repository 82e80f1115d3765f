// @ts-check
/** Small values that outlive the page. Storage may be full, switched off or forbidden: then they just don't. */

/** @param {Storage} storage @param {string} key @param {any} [otherwise] */
function read(storage, key, otherwise = null) {
  try {
    const text = storage.getItem(key);
    return text === null ? otherwise : JSON.parse(text);
  } catch {
    return otherwise;
  }
}

/** @param {Storage} storage @param {string} key @param {any} value null removes it */
function write(storage, key, value) {
  try {
    if (value === null || value === "") storage.removeItem(key);
    else storage.setItem(key, JSON.stringify(value));
  } catch {
    // Nothing to tell: the page works, it only remembers less.
  }
}

/** @param {"local" | "session"} kind */
const over = (kind) => ({
  /** @param {string} key @param {any} [otherwise] */
  get: (key, otherwise) => read(kind === "local" ? localStorage : sessionStorage, `centrala.${key}`, otherwise),
  /** @param {string} key @param {any} value */
  set: (key, value) => write(kind === "local" ? localStorage : sessionStorage, `centrala.${key}`, value),
});

/** Kept in this browser. */
export const kept = over("local");
/** Kept in this tab, over reloads. */
export const tab = over("session");
