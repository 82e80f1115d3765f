// @ts-check
/** Reasons come as codes with their terms, such as `skill:billing:5`; here they become words. */
import { known, languageName, t } from "../i18n.js";

/** @param {string} skill */
const skillName = (skill) => (skill.startsWith("lang:") ? languageName(skill.slice(5)) : skill.replaceAll("_", " "));

/** Why an offer came to this agent. @param {string} code */
export function whyInWords(code) {
  const [kind, ...rest] = code.split(":");
  if (kind === "skill") return t("why.skill", { skill: skillName(rest.slice(0, -1).join(":")), level: rest.at(-1) ?? "" });
  if (kind === "load") return t("why.load", { load: rest.join(":") });
  return known(`why.${kind}`) ? t(`why.${kind}`, { detail: rest.join(":") }) : code;
}
