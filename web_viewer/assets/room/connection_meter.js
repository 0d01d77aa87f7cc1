/** Looks at a connection once a second: its figures, its latency, and whether it still moves. */

import { FreezeWatch } from "./freeze_watch.js";
import { LatencyMeter } from "./latency.js";
import { StatsSampler } from "./stats_sampler.js";

/** @typedef {import("./types.js").Sample} Sample */
/** @typedef {import("./types.js").Served} Served */
/** @typedef {import("./types.js").Delay} Delay */

const SAMPLE_MS = 1000;
/** The clocks are compared often at first, and then now and then. */
const EAGER_PINGS = 5;
const EAGER_MS = 150;
const PING_MS = 5000;

export class ConnectionMeter {
  /**
   * @type {(sample: Sample, delay: Delay | null, uncertainty: number | null) => void}
   */
  onsample = () => {};
  /** What the program says it sends. @type {(served: Served) => void} */
  onserved = () => {};
  /** @type {(still: boolean) => void} */
  onstill = () => {};
  latency = new LatencyMeter();
  #connection;
  #video;
  #sampler = new StatsSampler();
  #freezes = new FreezeWatch();
  #sampling = 0;
  #pinging = 0;
  #pings = 0;
  #turn = 0;
  #frameCall = 0;
  #exact = false;
  #still = false;

  /**
   * @param {import("./connection.js").Connection} connection
   * @param {HTMLVideoElement} video  that plays it
   */
  constructor(connection, video) {
    this.#connection = connection;
    this.#video = video;
  }

  start() {
    this.#freezes.start(performance.now());
    this.#sampling = setInterval(() => this.#sample(), SAMPLE_MS);
    this.#ping();
    this.#watchFrames();
  }

  stop() {
    clearInterval(this.#sampling);
    clearTimeout(this.#pinging);
    if (this.#frameCall) this.#video.cancelVideoFrameCallback(this.#frameCall);
    this.#pings = NaN;
  }

  /** Frames made before a change say nothing about what comes after it. */
  changed() {
    this.latency.forgetFrames();
    clearTimeout(this.#pinging);
    this.#ping();
  }

  #watchFrames() {
    if (!this.#video.requestVideoFrameCallback) return;
    this.#frameCall = this.#video.requestVideoFrameCallback((_now, frame) => {
      this.#exact = frame.rtpTimestamp !== undefined;
      if (frame.rtpTimestamp !== undefined) this.latency.frame(frame.rtpTimestamp, frame.expectedDisplayTime);
      this.#watchFrames();
    });
  }

  async #ping() {
    // One that is still under way when another begins has no successor.
    const turn = ++this.#turn;
    try {
      const { served, sent, received } = await this.#connection.whep.look();
      if (Number.isNaN(this.#pings)) return;
      if (served.clock) this.latency.ping(served.clock, sent, received);
      this.onserved(served);
    } catch {
      // The connection's own end, or the next ping, tells what is wrong.
    }
    this.#pings += 1;
    if (Number.isNaN(this.#pings) || turn !== this.#turn) return;
    this.#pinging = setTimeout(() => this.#ping(), this.#pings < EAGER_PINGS ? EAGER_MS : PING_MS);
  }

  async #sample() {
    const sample = this.#sampler.sample(await this.#connection.stats());
    if (Number.isNaN(this.#pings)) return;
    const state = this.#freezes.observe(sample?.frames_decoded ?? null, performance.now());
    if (state === "frozen" && this.#connection.shown) return this.#connection.freeze();
    if (this.#still !== (state === "still")) this.onstill((this.#still = state === "still"));
    if (!sample) return;
    sample.still_s = state === "still" ? Math.round(this.#freezes.since(performance.now()) / 1000) : 0;
    if (!this.#exact) this.#estimate(sample);
    const delay = this.latency.delay;
    this.onsample(sample, delay, this.latency.uncertainty_ms);
    this.#connection.whep.report(sample, delay).catch(() => {});
  }

  /**
   * Where the browser does not say which frame it shows: when the newest one arrived, and how long
   * frames wait and are decoded.
   * @param {Sample} sample
   */
  #estimate(sample) {
    const newest = this.#connection.newest;
    if (!newest || sample.jitter_buffer_ms === null) return;
    const arrived = newest.timestamp - performance.timeOrigin;
    const waits = sample.jitter_buffer_ms + (sample.decode_ms ?? 0);
    this.latency.frame(newest.rtpTimestamp, arrived + waits, true);
  }
}
