/** Every command without an argument: its button and its key. */

/**
 * @typedef {object} Action
 * @property {string} name     its message and its icon
 * @property {string} key      as KeyboardEvent.key, upper case with Shift
 * @property {boolean} [handy] whether it lies under the thumb on a phone
 */

/** @type {readonly Action[]} */
export const ACTIONS = [
  { name: "tracking", key: " ", handy: true },
  { name: "previous", key: "p", handy: true },
  { name: "next", key: "n", handy: true },
  { name: "release", key: "r", handy: true },
  { name: "recenter", key: "c", handy: true },
  { name: "wide", key: "w", handy: true },
  { name: "home", key: "h" },
  { name: "set_home", key: "H" },
  { name: "draw_home", key: "d" },
  { name: "standby", key: "b" },
];

/** Settings that a key steps through, and numbers that it raises; with Shift backwards. */
export const STEPPED = {
  shot: "s", aspect: "a", subject: "u", fill: "f", when_lost: "l",
  max_zoom: "z", headroom: "e", dead_zone: "x",
};

export const SPEED_KEYS = ["1", "2", "3", "4", "5"];
export const TARGET_KEY = "t";
export const PRESET_NAME_KEY = "k";
export const HELP_KEY = "?";
