// @ts-check
/** Unsent text, per conversation and per kind, so that a note never turns up in a reply or in another conversation. */
import { signal } from "@preact/signals";
import { tab } from "../stored.js";

/** @typedef {"reply" | "note"} Kind */
const drafts = signal(/** @type {Record<string, string>} */ (tab.get("drafts", {})));

/** @param {string} id @param {Kind} kind */
const keyOf = (id, kind) => `${kind}:${id}`;

/** @param {string} id @param {Kind} kind */
export const draft = (id, kind) => drafts.value[keyOf(id, kind)] ?? "";

/** @param {string} id @param {Kind} kind @param {string} text */
export function keepDraft(id, kind, text) {
  const { [keyOf(id, kind)]: _, ...rest } = drafts.value;
  drafts.value = text ? { ...rest, [keyOf(id, kind)]: text } : rest;
  tab.set("drafts", drafts.value);
}

/** @param {string} id */
export const hasDraft = (id) => Boolean(draft(id, "reply").trim() || draft(id, "note").trim());
