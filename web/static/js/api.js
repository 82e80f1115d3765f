// @ts-check
/** Calls of the HTTP API: the CSRF token, idempotency keys and problem details in one place. */
import { known, t } from "./i18n.js";
import { newId } from "./ids.js";

let csrf = "";

/** A refusal or failure that a person can be told of. `status` 0: the server could not be reached. */
export class ApiError extends Error {
  /** @param {number} status @param {string} message @param {any} [problem] @param {number} [retryAfterS] */
  constructor(status, message, problem = null, retryAfterS = 0) {
    super(message);
    this.status = status;
    this.problem = problem;
    this.retryAfterS = retryAfterS;
  }

  /** Whether the same call may succeed later without anybody changing anything. */
  get temporary() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** @param {Response} answer */
async function refusal(answer) {
  let problem = null;
  try {
    problem = await answer.json();
  } catch {
    // A proxy's page is no problem document; its status says enough.
  }
  // A refusal's stable code is told in the page's language, whatever else in the server's words.
  const said = known(`refusal.${problem?.reason}`) ? t(`refusal.${problem.reason}`) : problem?.detail || problem?.title;
  return new ApiError(
    answer.status,
    said || t("error.status", { status: String(answer.status) }),
    problem,
    Number(answer.headers.get("Retry-After")) || 0,
  );
}

/**
 * @param {string} method @param {string} path below /api/v1 @param {any} [body]
 * @param {{key?: string, redirect?: boolean, plain?: boolean}} [options] `key`: idempotency key. `redirect`: false leaves a
 *   401 to the caller. `plain`: the answer is no JSON.
 * @returns {Promise<any>} the answer's JSON, or null without one; its text with `plain`
 */
export async function call(method, path, body, { key, redirect = true, plain = false } = {}) {
  /** @type {Record<string, string>} */
  const headers = { Accept: "application/json" };
  const bytes = body instanceof Blob;
  if (body !== undefined) headers["Content-Type"] = bytes ? "application/octet-stream" : "application/json";
  if (method !== "GET" && csrf) headers["X-CSRF-Token"] = csrf;
  if (method !== "GET") headers["Idempotency-Key"] = key ?? newId();
  let answer;
  try {
    answer = await fetch(`/api/v1${path}`, {
      method,
      headers,
      body: body === undefined || bytes ? body : JSON.stringify(body),
      credentials: "same-origin",
      signal: AbortSignal.timeout(bytes ? 300000 : 20000),
    });
  } catch {
    throw new ApiError(0, t("error.unreachable"));
  }
  if (answer.status === 401 && redirect) toLogin();
  if (!answer.ok) throw await refusal(answer);
  if (answer.status === 204) return null;
  const text = await answer.text();
  if (plain) return text;
  return text ? JSON.parse(text) : null;
}

/** @param {string} path */
export const get = (path) => call("GET", path);
/** The answer as text, bytes that are none as �. @param {string} path */
export const getText = (path) => call("GET", path, undefined, { plain: true });
/** Send the bytes of a file. @param {string} path @param {Blob} file */
export const upload = (path, file) => call("POST", path, file);
/** @param {string} path @param {any} [body] @param {string} [key] */
export const post = (path, body = {}, key) => call("POST", path, body, { key });

/** Who is logged in; goes to the log-in page if nobody is. */
export async function whoAmI() {
  const session = await get("/me");
  csrf = session.csrf;
  return session.user;
}

/** @param {string} login @param {string} password */
export async function logIn(login, password) {
  const session = await call("POST", "/login", { login, password }, { redirect: false });
  csrf = session.csrf;
  return session.user;
}

export async function logOut() {
  await post("/logout");
  location.assign("/login");
}

export function toLogin() {
  location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
}
