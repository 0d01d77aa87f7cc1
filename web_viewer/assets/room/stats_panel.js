/** The figures of the connection: the delay on top, the seven metrics with their last minute. */

import { byId, element, number, say, worded } from "../dom.js";
import { text } from "../messages.js";
import { History, sparkPath } from "../sparkline.js";
import { copyText } from "./sharing.js";

/** @typedef {import("./types.js").Sample} Sample */
/** @typedef {import("./types.js").Served} Served */
/** @typedef {import("./types.js").Delay} Delay */

const SPARK = { width: 120, height: 28 };
const HERO = { width: 120, height: 40 };

/**
 * @typedef {object} Metric
 * @property {keyof Sample} name
 * @property {string} words   message
 * @property {string} w3c     how W3C's statistics call it
 * @property {string} unit
 * @property {number} digits
 * @property {number} least   the top of the line is never lower
 */

/** @type {Metric[]} */
const METRICS = [
  { name: "loss_pct", words: "loss", w3c: "packetsLost / packetsReceived", unit: "%", digits: 1, least: 5 },
  { name: "nack", words: "nack", w3c: "nackCount", unit: "", digits: 0, least: 5 },
  { name: "rtt_ms", words: "rtt", w3c: "currentRoundTripTime", unit: "ms", digits: 1, least: 20 },
  { name: "kbps", words: "rate", w3c: "bytesReceived", unit: "kbit/s", digits: 0, least: 500 },
  { name: "jitter_ms", words: "jitter", w3c: "jitter", unit: "ms", digits: 1, least: 10 },
  { name: "jitter_buffer_ms", words: "buffer", w3c: "jitterBufferDelay / jitterBufferEmittedCount", unit: "ms", digits: 1, least: 20 },
  { name: "keyframe_interval_s", words: "keyframes", w3c: "keyFramesDecoded", unit: "s", digits: 1, least: 10 },
  { name: "fps", words: "shownFps", w3c: "framesDecoded", unit: "fps", digits: 1, least: 30 },
];

export class StatsPanel {
  /** @type {Map<string, {history: History, value: HTMLElement, path: Element}>} */
  #tiles = new Map();
  #delays = new History();
  /** @type {Sample | null} */
  #sample = null;
  /** @type {Delay | null} */
  #delay = null;
  /** @type {Served | null} */
  #served = null;
  /** @type {number | null} */
  #clock = null;
  #seconds = 0;

  constructor() {
    byId("metrics").replaceChildren(...METRICS.map((metric) => this.#tile(metric)));
    byId("copy-stats").addEventListener("click", () => {
      copyText(JSON.stringify(this.diagnostics, null, 2), text("statsCopied"));
    });
  }

  /**
   * @param {Sample} sample
   * @param {Delay | null} delay
   * @param {number | null} clockUncertainty  ms
   */
  show(sample, delay, clockUncertainty = null) {
    this.#sample = sample;
    this.#delay = delay;
    this.#clock = clockUncertainty;
    const now = 1000 * ++this.#seconds;
    for (const { name, digits, least } of METRICS) {
      const tile = this.#tiles.get(name);
      const value = /** @type {number | null} */ (sample[name]);
      if (!tile) continue;
      tile.history.add(value, now);
      say(tile.value, number(value, digits));
      draw(tile.path, tile.history, SPARK, least);
    }
    this.#delays.add(delay?.p50_ms, now);
    draw(/** @type {Element} */ (byId("delay-spark").firstElementChild), this.#delays, HERO, 50);
    this.#showDelay();
    this.#showServed();
  }

  /** @param {Served} served */
  serve(served) {
    this.#served = served;
    this.#showServed();
  }

  /** Nothing is known any more. */
  clear() {
    this.#sample = this.#delay = this.#served = null;
    for (const { value } of this.#tiles.values()) say(value, "–");
    this.#showDelay();
    this.#showServed();
  }

  /** What somebody who is asked for help wants to know. */
  get diagnostics() {
    const histories = [...this.#tiles].map(([name, { history }]) => [name, history.values]);
    return {
      page: location.origin + location.pathname,
      time: new Date().toISOString(),
      browser: navigator.userAgent,
      screen: [screen.width, screen.height, devicePixelRatio],
      served: this.#served,
      sample: this.#sample,
      delay: this.#delay && { ...this.#delay, clock_uncertainty_ms: this.#clock },
      last_minute: { ...Object.fromEntries(histories), delay_p50_ms: this.#delays.values },
    };
  }

  #showDelay() {
    const delay = this.#delay;
    const about = delay?.estimated ? "≈ " : "";
    say(byId("delay"), delay ? about + number(delay.p50_ms, 0) : "–");
    const note = !delay
      ? this.#sample && !canTell() ? text("delayUnknown") : ""
      : delay.estimated ? text("delayEstimated") : text("delayNote", { ms: number(delay.p95_ms, 0) }) + this.#error;
    say(byId("delay-note"), note);
  }

  /** How well the clocks are compared, where that matters. */
  get #error() {
    return this.#clock !== null && this.#clock >= 1 ? ` · ±${number(this.#clock, 0)} ms` : "";
  }

  #showServed() {
    const { width, height } = this.#sample ?? {};
    const codec = this.#served?.codec ?? this.#sample?.codec;
    const parts = [
      width && height ? `${width}×${height}` : "",
      codec ? text(`codec_${codec}`) : "",
      this.#sample?.decoder ?? "",
      this.#served ? text(`mode_${this.#served.mode}`) : "",
    ];
    say(byId("served"), parts.filter(Boolean).join(" · "));
  }

  /** @param {Metric} metric */
  #tile({ name, words, unit, w3c }) {
    const value = element("span", { id: `stat-${name}` }, "–");
    const spark = byId("delay-spark").cloneNode(true);
    const svg = /** @type {SVGElement} */ (spark);
    svg.removeAttribute("id");
    svg.setAttribute("class", "");
    svg.setAttribute("viewBox", `0 0 ${SPARK.width} ${SPARK.height}`);
    const path = /** @type {Element} */ (svg.firstElementChild);
    this.#tiles.set(name, { history: new History(), value, path });
    const figure = element("dd", {}, value, ...(unit ? [element("small", {}, unit)] : []));
    return element("div", { className: "tile" }, worded("dt", words, { title: w3c }), figure, element("dd", { className: "spark" }, svg));
  }
}

/** Whether this browser tells which frame it shows when. */
function canTell() {
  return "requestVideoFrameCallback" in HTMLVideoElement.prototype;
}

/**
 * @param {Element} path
 * @param {History} history
 * @param {{width: number, height: number}} size
 * @param {number} least
 */
function draw(path, history, { width, height }, least) {
  const line = sparkPath(history.values, width, height - 2, least);
  if (path.getAttribute("d") !== line) path.setAttribute("d", line);
}
