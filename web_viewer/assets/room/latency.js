/** From the camera to this screen: two clocks compared, and the age of each frame shown. Pure. */

/** @typedef {import("./types.js").Clock} Clock */
/** @typedef {import("./types.js").Delay} Delay */

// Crystals drift apart by a millisecond in half a minute at worst: old comparisons are forgotten.
const PINGS = 12;
const FRAMES = 90;
// What lies outside is a clock that was set or a timestamp of another stream, and no latency.
const LEAST_MS = -100;
const MOST_MS = 20_000;

/** How far the program's clock is ahead of ours. */
export class ClockOffset {
  /** @type {{rtt: number, offset: number}[]} */
  #pings = [];

  /**
   * @param {number} sent      ms on our clock
   * @param {number} theirs    ms on the program's clock, read in between
   * @param {number} received  ms on our clock
   */
  add(sent, theirs, received) {
    this.#pings.push({ rtt: received - sent, offset: theirs - (sent + received) / 2 });
    if (this.#pings.length > PINGS) this.#pings.shift();
  }

  /** The quickest of the last pings was held up least, so it knows best. */
  get best() {
    return this.#pings.reduce((best, ping) => (ping.rtt < best.rtt ? ping : best), {
      rtt: Infinity,
      offset: NaN,
    });
  }
}

/**
 * From one RTP timestamp to another, in ticks; they wrap after 2^32.
 * @param {number} from
 * @param {number} to
 */
export function ticksBetween(from, to) {
  return (to - from) | 0;
}

export class LatencyMeter {
  #offset = new ClockOffset();
  /** @type {Clock | null} */
  #clock = null;
  /** @type {number[]} */
  #ages = [];
  #estimated = false;

  /**
   * @param {Clock} clock
   * @param {number} sent      ms on our clock
   * @param {number} received  ms on our clock
   */
  ping(clock, sent, received) {
    this.#offset.add(sent, clock.now_ms, received);
    this.#clock = clock;
  }

  /**
   * A frame was shown.
   * @param {number} rtp    its RTP timestamp
   * @param {number} shown  ms on our clock
   * @param {boolean} [estimated]  whether `shown` is a guess
   */
  frame(rtp, shown, estimated = false) {
    const age = this.age(rtp, shown);
    if (age === null) return;
    this.#estimated = estimated;
    this.#ages.push(age);
    if (this.#ages.length > FRAMES) this.#ages.shift();
  }

  /**
   * How old a frame is at a moment of our clock; null while that is unknown.
   * @param {number} rtp
   * @param {number} now  ms
   */
  age(rtp, now) {
    const clock = this.#clock;
    if (!clock) return null;
    const captured = clock.capture_ms + ticksBetween(clock.rtp, rtp) / (clock.rate / 1000);
    const age = now - (captured - this.#offset.best.offset);
    return age > LEAST_MS && age < MOST_MS ? Math.max(0, age) : null;
  }

  /** Of the last three seconds or so; null before the first frame. @returns {Delay | null} */
  get delay() {
    if (this.#ages.length === 0) return null;
    const sorted = [...this.#ages].sort((one, other) => one - other);
    const at = (/** @type {number} */ share) => sorted[Math.floor(share * (sorted.length - 1))];
    return { p50_ms: at(0.5), p95_ms: at(0.95), estimated: this.#estimated };
  }

  /** The smallest round trip of the last pings, ms: the offset is right to half of it. */
  get uncertainty_ms() {
    const { rtt } = this.#offset.best;
    return Number.isFinite(rtt) ? rtt / 2 : null;
  }

  /** Frames of another connection say nothing about this one. */
  forgetFrames() {
    this.#ages = [];
  }
}
