/** What a viewer chose, kept for the next visit. */

/** @typedef {import("./types.js").Wish} Wish */

/**
 * `same_room`: whether the viewer sits where the camera's microphone hears this device.
 * @typedef {Omit<Wish, "sound"> & {same_room: boolean, fill: boolean}} Choices
 */

const STORED = "livetrack-room";

/** @type {Choices} */
export const FIRST_CHOICES = {
  name: "",
  codec: "auto",
  height: "auto",
  mode: "lowest",
  same_room: true,
  fill: false,
};

/**
 * Choices that were kept, as far as they make sense. Pure.
 * @param {unknown} kept
 * @returns {Choices}
 */
export function readChoices(kept) {
  const given = /** @type {Record<string, any>} */ (kept && typeof kept === "object" ? kept : {});
  const among = (/** @type {string} */ name, /** @type {any[]} */ known) =>
    known.includes(given[name]) ? { [name]: given[name] } : {};
  const tall = Number.isInteger(given.height) && given.height > 0;
  return {
    ...FIRST_CHOICES,
    ...(typeof given.name === "string" ? { name: given.name.slice(0, 40) } : {}),
    ...among("codec", ["auto", "H264", "VP8"]),
    ...(tall ? { height: given.height } : {}),
    ...among("mode", ["lowest", "smooth"]),
    ...among("same_room", [true, false]),
    ...among("fill", [true, false]),
  };
}

/** @returns {Choices} */
export function keptChoices() {
  try {
    return readChoices(JSON.parse(localStorage.getItem(STORED) ?? "null"));
  } catch {
    return FIRST_CHOICES;
  }
}

/** @param {Choices} choices */
export function keepChoices(choices) {
  try {
    localStorage.setItem(STORED, JSON.stringify(choices));
  } catch {
    // A private window keeps nothing: then one chooses anew.
  }
}
