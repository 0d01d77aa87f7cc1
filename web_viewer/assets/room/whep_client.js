/** One viewer's session with the program: joined, asked, changed and left over HTTP (WHEP). */

import { Refused, ask, refusalOf } from "../ask.js";

/** @typedef {import("./types.js").Wish} Wish */
/** @typedef {import("./types.js").Served} Served */
/** @typedef {import("./types.js").Sample} Sample */
/** @typedef {import("./types.js").Delay} Delay */

// A program that is asked for its picture says something within that time.
const ANSWER_MS = 10_000;
// The connection ends then at the latest, whether or not the program heard of it.
const LEAVE_MS = 2000;

/** The fields of a sample that the program keeps. */
const POSTED = /** @type {const} */ ([
  "packets_lost",
  "packets_received",
  "nack",
  "keyframe_interval_s",
  "rtt_ms",
  "kbps",
  "jitter_ms",
  "jitter_buffer_ms",
  "fps",
  "width",
  "height",
  "decoder",
  "dropped",
]);

export class WhepClient {
  /** Where this viewer is known; "" before joining and after leaving. */
  #location = "";
  #root;
  #headers;

  /**
   * @param {string} root  origin of the program
   * @param {Record<string, string>} headers  that every request carries
   */
  constructor(root, headers = {}) {
    this.#root = root;
    this.#headers = headers;
  }

  get joined() {
    return this.#location !== "";
  }

  /**
   * Send the offer; throws Refused.
   * @param {string} shot
   * @param {string} offer  SDP
   * @param {Wish} wish
   * @returns {Promise<string>} the answer's SDP
   */
  async join(shot, offer, wish) {
    const response = await this.#reach(`/whep/${encodeURIComponent(shot)}?${query(wish)}`, {
      method: "POST",
      headers: { ...this.#headers, "Content-Type": "application/sdp" },
      body: offer,
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    if (response.status !== 201) throw await refusalOf(response);
    this.#location = new URL(response.headers.get("Location") ?? "", this.#root).href;
    return response.text();
  }

  /**
   * Change what is sent; throws Refused.
   * @param {Partial<Wish>} wish
   * @returns {Promise<Served>}
   */
  change(wish) {
    return ask(this.#location, {
      method: "PATCH",
      headers: { ...this.#headers, "Content-Type": "application/json" },
      body: JSON.stringify(wish),
    });
  }

  /**
   * Tell where else this browser is. Nothing depends on it alone.
   * @param {string} fragment  of SDP
   */
  async trickle(fragment) {
    const headers = { ...this.#headers, "Content-Type": "application/trickle-ice-sdpfrag" };
    await fetch(this.#location, { method: "PATCH", headers, body: fragment }).catch(() => {});
  }

  /**
   * What is sent, and the program's clock between two moments of ours; throws Refused.
   * @returns {Promise<{served: Served, sent: number, received: number}>}
   */
  async look() {
    // A name of its own, so that the browser's record of this very request is found.
    const url = `${this.#location}?at=${performance.now().toFixed(3)}`;
    const began = performance.now();
    const served = await ask(url, { headers: this.#headers });
    const ended = performance.now();
    const [timing] = /** @type {PerformanceResourceTiming[]} */ (performance.getEntriesByName(url));
    performance.clearResourceTimings?.();
    const precise = timing?.requestStart > began && timing.responseStart < ended;
    return {
      served,
      sent: precise ? timing.requestStart : began,
      received: precise ? timing.responseStart : ended,
    };
  }

  /**
   * Tell the program how it goes here.
   * @param {Sample} sample
   * @param {Delay | null} delay
   */
  async report(sample, delay) {
    const body = Object.fromEntries(
      POSTED.filter((name) => sample[name] !== null).map((name) => [name, sample[name]]),
    );
    body.frozen = sample.still_s;
    if (delay && !delay.estimated) body.latency_ms = delay.p50_ms;
    await ask(`${this.#location}/stats`, {
      method: "POST",
      headers: { ...this.#headers, "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
  }

  /** Give the place back, even while the page goes away; done when the program knows, or cannot. */
  async leave() {
    const location = this.#location;
    this.#location = "";
    if (!location) return;
    const signal = AbortSignal.timeout(LEAVE_MS);
    const options = { method: "DELETE", headers: this.#headers, keepalive: true, signal };
    await fetch(location, options).catch(() => {});
  }

  /**
   * @param {string} path
   * @param {RequestInit} options
   */
  async #reach(path, options) {
    try {
      return await fetch(this.#root + path, { cache: "no-store", ...options });
    } catch (error) {
      const slow = error instanceof DOMException && error.name === "TimeoutError";
      throw new Refused(slow ? 408 : 0, "");
    }
  }
}

/** @param {Wish} wish */
function query({ name, codec, height, mode, sound }) {
  return new URLSearchParams({
    codec,
    height: String(height),
    mode,
    sound: sound ? "1" : "0",
    ...(name ? { name } : {}),
  });
}
