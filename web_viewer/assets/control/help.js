/** Keys: what each one does, whether they work, and the list of them. */

import { byId, element } from "../dom.js";
import { text } from "../messages.js";
import { ACTIONS, HELP_KEY, PRESET_NAME_KEY, SPEED_KEYS, STEPPED, TARGET_KEY } from "./actions.js";

const STORED = "livetrack-keys";

/**
 * What keys can do.
 * @typedef {object} Keys
 * @property {(name: string) => void} act         one of ACTIONS
 * @property {(field: string, step: 1 | -1) => void} step
 * @property {(index: number) => void} speed
 * @property {() => void} nextTarget
 * @property {(index: number) => void} preset
 */

/** @param {Keys} keys */
export function listen(keys) {
  const wanted = /** @type {HTMLInputElement} */ (byId("keys-on"));
  wanted.checked = localStorage.getItem(STORED) !== "off";
  wanted.addEventListener("change", () => {
    localStorage.setItem(STORED, wanted.checked ? "on" : "off");
  });
  byId("help-button").addEventListener("click", openHelp);
  document.addEventListener("keydown", (event) => {
    if (!wanted.checked || isTaken(event)) return;
    if (press(event, keys)) event.preventDefault();
  });
}

/**
 * Whether the key means something where the focus is, or to the browser.
 * @param {KeyboardEvent} event
 */
function isTaken(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return true;
  if (document.querySelector("dialog[open]")) return true;
  const at = /** @type {Element} */ (event.target);
  if (at instanceof HTMLSelectElement || at instanceof HTMLTextAreaElement) return true;
  if (at instanceof HTMLInputElement) {
    const marks = ["radio", "checkbox"].includes(at.type);
    return !marks || event.key === " ";
  }
  return event.key === " " && Boolean(at.closest?.("button, a, summary"));
}

/**
 * @param {KeyboardEvent} event
 * @param {Keys} keys
 * @returns {boolean} whether it meant anything
 */
function press(event, keys) {
  const key = keyOf(event);
  const back = event.shiftKey ? -1 : 1;
  const digit = /^Digit([1-9])$/.exec(event.code)?.[1];
  const action = ACTIONS.find((candidate) => candidate.key === key);
  const stepped = Object.entries(STEPPED).find(([, letter]) => letter === key.toLowerCase());
  if (key === HELP_KEY) openHelp();
  else if (digit && event.shiftKey) keys.preset(Number(digit) - 1);
  else if (SPEED_KEYS.includes(key)) keys.speed(SPEED_KEYS.indexOf(key));
  else if (key === "Escape") keys.act("release");
  else if (action) keys.act(action.name);
  else if (stepped) keys.step(stepped[0], back);
  else if (key === TARGET_KEY) keys.nextTarget();
  else if (key === PRESET_NAME_KEY) byId("preset-name").focus();
  else return false;
  return true;
}

/**
 * The letter on the key where the keyboard writes another script, as Korean ones do.
 * @param {KeyboardEvent} event
 */
function keyOf(event) {
  const letter = /^Key([A-Z])$/.exec(event.code)?.[1];
  const isLatin = event.key.length === 1 && event.key.charCodeAt(0) < 128;
  if (!letter || isLatin) return event.key;
  return event.shiftKey ? letter : letter.toLowerCase();
}

function openHelp() {
  const rows = [
    ...ACTIONS.map(({ name, key }) => row(text(`do_${name}`), keyNames(key))),
    row(text("do_speed"), [["1"], ["5"]], "–"),
    ...Object.entries(STEPPED).map(([field, key]) =>
      row(text(`field_${field}`), [...keyNames(key), ...keyNames(key.toUpperCase())]),
    ),
    row(text("do_target"), keyNames(TARGET_KEY)),
    row(text("do_preset"), [["Shift", "1"], ["9"]], "–"),
    row(text("do_name"), keyNames(PRESET_NAME_KEY)),
    row(text("do_help"), [[HELP_KEY]]),
  ];
  byId("keys").replaceChildren(...rows);
  /** @type {HTMLDialogElement} */ (byId("help")).showModal();
}

/** @param {string} key */
function keyNames(key) {
  if (key === " ") return [[text("space")]];
  const upper = key.toUpperCase();
  const names = key === upper ? ["Shift", upper] : [upper];
  return key === "r" ? [names, ["Esc"]] : [names];
}

/**
 * @param {string} what
 * @param {string[][]} combinations
 * @param {string} [between]
 */
function row(what, combinations, between = "/") {
  const keys = combinations.flatMap((names, index) => [
    ...(index ? [` ${between} `] : []),
    ...names.map((name) => element("kbd", {}, name)),
  ]);
  return element("div", {}, element("dt", {}, what), element("dd", {}, ...keys));
}
