// @ts-check
/** Reasons for being away, as a site has them by default. */
export const AWAY = ["break", "lunch", "training", "meeting", "admin"];
