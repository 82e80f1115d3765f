// @ts-check
/** For pages that the server renders whole: the chosen theme, and copying of log-ins. Both work without. */
import "./ui/theme.js";
