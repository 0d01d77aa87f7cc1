/** How long to wait before the next try. Pure. */

const FIRST_MS = 500;
const LONGEST_MS = 10_000;

export class Backoff {
  #base = FIRST_MS;
  #random;

  /** @param {() => number} [random]  0 to 1 */
  constructor(random = Math.random) {
    this.#random = random;
  }

  /**
   * Twice as long each time, the second half of it by chance: fifty viewers of a program that
   * comes back must not knock all at once.
   * @returns {number} ms
   */
  next() {
    const base = this.#base;
    this.#base = Math.min(2 * base, LONGEST_MS);
    return (base + base * this.#random()) / 2;
  }

  reset() {
    this.#base = FIRST_MS;
  }
}
