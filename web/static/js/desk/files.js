// @ts-check
/**
 * Files that wait for their message, per conversation. The server has each as soon as it is chosen, so that they survive a
 * reload; sending names them.
 */
import { signal } from "@preact/signals";
import { call, get, upload } from "../api.js";
import { t } from "../i18n.js";
import { newId } from "../ids.js";
import { toastError } from "../ui/toast.js";

/**
 * @typedef {{key: string, id?: string, filename: string, size: number, content_type: string, content_id?: string | null,
 *   inline: boolean, state: "coming" | "ready" | "failed", error?: string}} Waiting
 */
const waiting = signal(/** @type {Record<string, Waiting[]>} */ ({}));

/** @param {string} id of the conversation */
export const filesOf = (id) => waiting.value[id] ?? [];
/** Whether some are still on their way. @param {string} id */
export const filesComing = (id) => filesOf(id).some((one) => one.state === "coming");

/** @param {string} id @param {Waiting[]} files */
const keep = (id, files) => void (waiting.value = { ...waiting.value, [id]: files });
/** @param {string} id @param {string} key @param {Partial<Waiting>} change */
const change = (id, key, change) => keep(id, filesOf(id).map((one) => (one.key === key ? { ...one, ...change } : one)));

/** Ask once what waits from before. @param {string} id */
export async function findFiles(id) {
  if (id in waiting.value) return;
  keep(id, []);
  try {
    const { items } = await get(`/interactions/${encodeURIComponent(id)}/attachments`);
    const known = new Set(filesOf(id).map((one) => one.id));
    keep(id, [...items.filter((/** @type {any} */ one) => !known.has(one.id)).map(ready), ...filesOf(id)]);
  } catch (error) {
    toastError(error);
  }
}

/** @param {any} view @returns {Waiting} */
const ready = (view) => ({ ...view, key: view.id, state: "ready" });

/**
 * Bring files. Returns those that came, when all are through.
 * @param {string} id @param {Iterable<File>} files @param {boolean} inline whether they are pictures for among the words
 */
export function bring(id, files, inline = false) {
  return Promise.all([...files].map(async (file) => {
    const key = newId();
    keep(id, [...filesOf(id), { key, filename: file.name, size: file.size, content_type: file.type, inline, state: "coming" }]);
    try {
      const path = `/interactions/${encodeURIComponent(id)}/attachments?filename=${encodeURIComponent(file.name)}&inline=${inline}`;
      const view = await upload(path, file);
      change(id, key, { ...view, state: "ready" });
      return view;
    } catch (error) {
      change(id, key, { state: "failed", error: refusal(/** @type {import("../api.js").ApiError} */ (error)) });
      return null;
    }
  }));
}

/** @param {import("../api.js").ApiError} error */
const refusal = (error) =>
  error.status === 413 ? t("composer.file.too_big") : error.status === 422 ? t("composer.file.refused") : error.message;

/** @param {string} id @param {Waiting} file */
export async function remove(id, file) {
  keep(id, filesOf(id).filter((one) => one.key !== file.key));
  if (file.state !== "ready" || !file.id?.startsWith("u-")) return;
  try {
    await call("DELETE", `/interactions/${encodeURIComponent(id)}/attachments/${encodeURIComponent(file.id)}`);
  } catch (error) {
    toastError(error);
  }
}

/** Give out what is ready: it goes with a message now. @param {string} id @returns {string[]} */
export function take(id) {
  const ids = filesOf(id).flatMap((one) => (one.state === "ready" && one.id ? [one.id] : []));
  keep(id, filesOf(id).filter((one) => one.state === "coming"));
  return ids;
}

/** Put the files of a message back that was not sent. @param {string} id @param {any[]} views */
export const putBack = (id, views) => keep(id, [...views.map(ready), ...filesOf(id)]);
