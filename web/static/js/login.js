// @ts-check
/** Sends the log-in form as JSON and goes on to where the visitor wanted to be. */
import { logIn } from "./api.js";
import { loadCatalogue, t } from "./i18n.js";
import "./ui/theme.js";

const form = /** @type {HTMLFormElement} */ (document.getElementById("login"));
const button = /** @type {HTMLButtonElement} */ (form.querySelector("button[type=submit]"));
const error = /** @type {HTMLElement} */ (document.getElementById("login-error"));
const words = loadCatalogue();

/** Where to go: only ever to a page of ours. @param {string} role */
function target(role) {
  const wanted = new URLSearchParams(location.search).get("next");
  const home = role === "supervisor" || role === "admin" ? "/supervisor" : "/desk";
  if (!wanted) return home;
  try {
    const address = new URL(wanted, location.origin);
    return wanted.startsWith("/") && address.origin === location.origin ? address.pathname + address.search : home;
  } catch {
    return home;
  }
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const data = new FormData(form);
  button.disabled = true;
  error.textContent = "";
  try {
    await words;
    const user = await logIn(String(data.get("login")).trim(), String(data.get("password")));
    location.assign(target(user.role));
  } catch (problem) {
    const { status, message } = /** @type {import("./api.js").ApiError} */ (problem);
    error.textContent = status === 401 ? t("login.wrong") : message;
    form.querySelector("input")?.focus();
    button.disabled = false;
  }
});

button.disabled = false;
