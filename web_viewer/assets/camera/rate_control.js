/** How much the camera may send, by how long packets wait on their way. Pure. */

const LEAST_KBPS = 300;
/** A queue of so many ms, twice in a row, is the network's and no hiccup of a busy computer's. */
const QUEUE_MS = 200;
const LESS = 0.7;
const MORE = 1.08;
/** Samples in which the quickest round trip is looked for. */
const MEMORY = 60;

export class RateControl {
  #mostKbps;
  #kbps;
  #late = 0;
  /** @type {number[]} */
  #trips = [];

  /** @param {number} mostKbps */
  constructor(mostKbps) {
    this.#mostKbps = mostKbps;
    this.#kbps = mostKbps;
  }

  get kbps() {
    return Math.round(this.#kbps);
  }

  /**
   * @param {number} rttMs  the round trip of this second
   * @returns {number} kbps
   */
  observe(rttMs) {
    this.#trips = [...this.#trips.slice(1 - MEMORY), rttMs];
    const waited = rttMs - Math.min(...this.#trips);
    this.#late = waited > QUEUE_MS ? this.#late + 1 : 0;
    if (this.#late >= 2) this.#kbps = Math.max(this.#kbps * LESS, LEAST_KBPS);
    else if (this.#late === 0) this.#kbps = Math.min(this.#kbps * MORE, this.#mostKbps);
    return this.kbps;
  }
}
