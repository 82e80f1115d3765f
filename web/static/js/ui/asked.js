// @ts-check
/** What the API answers while a page shows it. */
import { useEffect, useState } from "preact/hooks";
import { get } from "../api.js";
import { html } from "../html.js";
import { t } from "../i18n.js";

/** @typedef {{path: string | null, found: any, failure: string}} Asked */

/**
 * Return the answer to `path`, null until it is there, why there is none, and how to change what was found.
 * It is asked again when `again` changes; what comes late, for a path that nobody looks at any more, is left aside.
 * @param {string | null} path null: nobody wants to know yet
 * @param {unknown} [again]
 */
export function useAsked(path, again) {
  const [asked, setAsked] = useState(/** @type {Asked} */ ({ path, found: null, failure: "" }));
  useEffect(() => {
    if (path === null) return undefined;
    let wanted = true;
    get(path)
      .then((found) => wanted && setAsked({ path, found, failure: "" }))
      .catch((error) => wanted && setAsked({ path, found: null, failure: error.message }));
    return () => void (wanted = false);
  }, [path, again]);
  const shown = asked.path === path ? asked : { path, found: null, failure: "" };
  const change = (/** @type {(found: any) => any} */ how) => setAsked((now) => (now.found === null ? now : { ...now, found: how(now.found) }));
  return { ...shown, change };
}

/** What stands in the place of an answer that isn't there. @param {{asked: {failure: string}}} props */
export function NotYet({ asked }) {
  return asked.failure ? html`<p role="alert">${asked.failure}</p>` : html`<p class="hint">${t("ui.loading")}</p>`;
}
