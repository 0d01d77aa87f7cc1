/** The link's secret, and a name by which the program knows this page again. */

const KEY = "livetrack-camera-key";
const NAME = "livetrack-camera-name";

/**
 * The secret behind the #; it is kept, so that the page also opens from a bookmark, and taken out
 * of the address, which others may see on the screen.
 */
export function keyOfLink() {
  const given = new URLSearchParams(location.hash.slice(1)).get("k");
  if (given) {
    localStorage.setItem(KEY, given);
    history.replaceState(null, "", location.pathname);
  }
  return given ?? localStorage.getItem(KEY) ?? "";
}

/** The same after a reload, another one in each tab. */
export function nameOfPage() {
  const known = sessionStorage.getItem(NAME);
  if (known) return known;
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  const made = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  sessionStorage.setItem(NAME, made);
  return made;
}
