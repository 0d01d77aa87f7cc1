/** Short words to whoever looks, and to whoever listens. */

import { byId } from "./dom.js";

const TOAST_MS = 4000;
// A screen reader that is told something new all the time tells nothing.
const QUIET_MS = 1200;

let toastTimer = 0;
let quietTimer = 0;
let next = "";

/**
 * @param {string} words
 * @param {"good" | "bad"} [kind]
 */
export function toast(words, kind = "good") {
  const box = byId("toast");
  box.textContent = words;
  box.dataset.kind = kind;
  box.classList.add("shown");
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => box.classList.remove("shown"), TOAST_MS);
}

/**
 * Have a screen reader say it; of what comes too fast only the last.
 * @param {string} words
 */
export function announce(words) {
  next = words;
  if (quietTimer) return;
  quietTimer = setTimeout(() => {
    quietTimer = 0;
    byId("announcer").textContent = next;
  }, QUIET_MS);
}
