// @ts-check
/** An id that nobody else has. crypto.randomUUID exists on secure pages only; a trial on a plain address works too. */
export function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
