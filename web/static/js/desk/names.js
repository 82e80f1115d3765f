// @ts-check
import { t } from "../i18n.js";

/** What to call the customer of an interaction. @param {import("./types.js").Interaction} one */
export const nameOf = (one) => one.customer?.name || one.customer?.email || one.customer?.phone || t("customer.unknown");
