// @ts-check
/** The callback form works without this. With it, times are shown by the visitor's own clock from the start. */
import "../plain.js";

const form = /** @type {HTMLElement | null} */ (document.querySelector("form[data-zone]"));
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const address = new URL(location.href);

if (form && zone && form.dataset.zone !== zone && !address.searchParams.has("time_zone")) {
  address.searchParams.set("time_zone", zone);
  location.replace(address);
}
