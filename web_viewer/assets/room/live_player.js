/** Keeps a viewer connected: joins, watches, waits and joins again, until told to stop. */

import { Backoff } from "./backoff.js";
import { Connection } from "./connection.js";
import { ConnectionMeter } from "./connection_meter.js";
import { failure } from "./failures.js";

/** @typedef {import("./types.js").Wish} Wish */
/** @typedef {import("./types.js").Served} Served */
/** @typedef {import("./types.js").Failure} Failure */

/** So often in a row may WebRTC come to nothing before the plain picture is shown instead. */
const PATIENCE = 3;

export class LivePlayer {
  /** Joining, for the first time or again. */
  onjoining = () => {};
  /** The first frame of a connection is on the screen. */
  onplaying = () => {};
  /** The picture stands still, or moves again. @type {(still: boolean) => void} */
  onstill = () => {};
  /** The browser wants a click before it plays. */
  onblocked = () => {};
  /**
   * There is no picture. Called each second with those left until the next try; null: never.
   * @type {(why: Failure, seconds: number | null) => void}
   */
  onwaiting = () => {};
  /** WebRTC leads to nothing here: show the plain picture. @type {(why: Failure) => void} */
  onplain = () => {};
  /** @type {ConnectionMeter["onsample"]} */
  onsample = () => {};
  /** @type {ConnectionMeter["onserved"]} */
  onserved = () => {};
  /** @type {Connection | null} */
  #connection = null;
  /** @type {ConnectionMeter | null} */
  #meter = null;
  #backoff = new Backoff();
  #failures = 0;
  #timer = 0;
  /** @type {Wish | null} */
  #wish = null;
  #shot;
  #headers;

  /**
   * @param {HTMLVideoElement} video
   * @param {string} shot
   * @param {Record<string, string>} headers
   */
  constructor(video, shot, headers) {
    this.video = video;
    this.#shot = shot;
    this.#headers = headers;
    /** @type {RTCIceServer[]} */
    this.iceServers = [];
    addEventListener("online", () => this.retry());
    addEventListener("pagehide", () => this.#connection?.whep.leave());
    // Back out of the browser's cache: the place was given back.
    addEventListener("pageshow", (event) => event.persisted && this.#wish && this.start(this.#wish));
  }

  /** Whether sound can be heard when it is wanted. */
  get hears() {
    return this.#connection?.hears ?? false;
  }

  /** @param {Wish} wish */
  start(wish) {
    this.#wish = wish;
    this.#failures = 0;
    this.#backoff.reset();
    this.#join();
  }

  stop() {
    this.#wish = null;
    this.#end();
    this.video.srcObject = null;
  }

  /** Do not wait any longer. */
  retry() {
    if (this.#wish && !this.#connection) this.#join();
  }

  /**
   * Have something else sent; throws Refused.
   * @param {Partial<Wish>} change
   * @returns {Promise<Served | undefined>} what is sent then, if anybody is connected
   */
  async change(change) {
    if (!this.#wish) return undefined;
    this.#wish = { ...this.#wish, ...change };
    if (!this.#connection?.whep.joined) return undefined;
    if (change.mode) this.#connection.setMode(change.mode);
    const served = await this.#connection.whep.change(change);
    this.onserved(served);
    this.#meter?.changed();
    return served;
  }

  /** Play, with sound if the browser lets us. */
  async play() {
    try {
      await this.video.play();
    } catch (error) {
      // A new stream that came in between plays by itself.
      if (error instanceof DOMException && error.name === "AbortError") return;
      if (this.video.muted) return this.onblocked();
      // Without sound more browsers play; it is a click away then.
      this.video.muted = true;
      await this.play();
    }
  }

  #join() {
    this.#end();
    const wish = this.#wish;
    if (!wish) return;
    if (!("RTCPeerConnection" in globalThis)) return this.onplain(failure("no_webrtc"));
    this.onjoining();
    const connection = new Connection(this.#shot, wish, this.iceServers, this.#headers);
    this.#connection = connection;
    connection.onstream = (stream) => this.#show(connection, stream);
    connection.onfailure = (why) => this.#failed(why, connection.shown);
    connection.open();
  }

  #end() {
    clearTimeout(this.#timer);
    this.#meter?.stop();
    this.#meter = null;
    this.#connection?.close();
    this.#connection = null;
  }

  /**
   * @param {Connection} connection
   * @param {MediaStream} stream
   */
  #show(connection, stream) {
    this.video.srcObject = stream;
    this.play();
    const meter = new ConnectionMeter(connection, this.video);
    this.#meter = meter;
    meter.onserved = (served) => this.onserved(served);
    meter.onstill = (still) => connection.shown && this.onstill(still);
    meter.onsample = (sample, delay, uncertainty) => {
      // Where nothing tells of frames on the screen, decoded ones must do.
      if (sample.frames_decoded) this.#came(connection);
      this.onsample(sample, delay, uncertainty);
    };
    this.video.requestVideoFrameCallback?.(() => this.#came(connection));
    meter.start();
  }

  /** @param {Connection} connection */
  #came(connection) {
    if (connection.shown || connection !== this.#connection) return;
    connection.pictureCame();
    this.#failures = 0;
    this.#backoff.reset();
    this.onplaying();
  }

  /**
   * @param {Failure} why
   * @param {boolean} shown  whether it had played
   */
  #failed(why, shown) {
    this.#end();
    this.#failures = shown ? 0 : this.#failures + 1;
    if (why.plain && (why.retry === "never" || this.#failures >= PATIENCE)) return this.onplain(why);
    if (why.retry === "never") return this.onwaiting(why, null);
    // All who were turned away together must not come back together.
    const ms = why.wait_s ? 1000 * why.wait_s * (0.75 + Math.random() / 2) : this.#backoff.next();
    this.#countDown(why, ms);
  }

  /**
   * @param {Failure} why
   * @param {number} ms
   */
  #countDown(why, ms) {
    if (ms <= 0) return this.#join();
    this.onwaiting(why, Math.ceil(ms / 1000));
    const step = Math.min(ms, 1000);
    this.#timer = setTimeout(() => this.#countDown(why, ms - step), step);
  }
}
