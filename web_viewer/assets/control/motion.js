/** Boxes that arrive now and then, shown as if they moved. Pure: it is told the time. */

/** @typedef {import("./types.js").Box} Box */

// Between two events a box goes from where it is drawn to where it was last seen; longer than
// this it does not wait, or boxes would trail behind people after a pause.
const LONGEST_MS = 120;
const FIRST_MS = 67;

/** Boxes by key. A new key appears where it is; one that is not reported any more is gone. */
export class Motion {
  /** @type {Map<string, {from: Box, to: Box}>} */
  #paths = new Map();
  #began = 0;
  #lasts = FIRST_MS;
  #still;

  /** @param {boolean} still  whether boxes jump: for people who asked for less motion */
  constructor(still = false) {
    this.#still = still;
  }

  /**
   * @param {Iterable<[key: string, box: Box]>} boxes  everything there is now
   * @param {number} now  ms
   */
  observe(boxes, now) {
    const shown = new Map(this.at(now));
    if (this.#paths.size) this.#lasts = Math.min(Math.max(now - this.#began, 1), LONGEST_MS);
    this.#began = now;
    this.#paths = new Map(
      [...boxes].map(([key, box]) => [key, { from: shown.get(key) ?? box, to: box }]),
    );
  }

  /**
   * Where everything is drawn now.
   * @param {number} now  ms
   * @returns {[key: string, box: Box][]}
   */
  at(now) {
    const share = this.#still ? 1 : Math.min(Math.max((now - this.#began) / this.#lasts, 0), 1);
    return [...this.#paths].map(([key, { from, to }]) => [key, between(from, to, share)]);
  }
}

/**
 * @param {Box} from
 * @param {Box} to
 * @param {number} share
 * @returns {Box}
 */
function between(from, to, share) {
  const mix = (/** @type {number} */ i) => from[i] + (to[i] - from[i]) * share;
  return [mix(0), mix(1), mix(2), mix(3)];
}
