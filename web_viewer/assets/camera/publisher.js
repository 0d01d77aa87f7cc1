/** Sends the camera to the program by WHIP, and begins again whenever that breaks off. */

import { Refused, refusalOf } from "../ask.js";
import { Backoff } from "../room/backoff.js";
import { RateControl } from "./rate_control.js";

const ENDPOINT = "/whip/camera";
const KBPS = { "720p": 4000, "1080p": 8000 };
/** A connection that stutters for so long is given up for a new one. */
const DISCONNECTED_MS = 2500;
const CONNECT_MS = 12_000;
/** Refusals that another try cannot change: the key, the codec, the offer, the taken place. */
const FINAL = [400, 401, 403, 404, 406, 409, 413, 415];

/**
 * @typedef {"idle" | "connecting" | "live" | "waiting"} State
 * @typedef {import("./capture.js").Quality} Quality
 */

export class Publisher {
  /** @type {(state: State, seconds: number) => void} seconds: until the next try */
  onstate = () => {};
  /** @type {(refused: Refused) => void} a refusal that trying again does not help */
  onrefused = () => {};
  /**
   * The connection of now, for its figures.
   * @type {RTCPeerConnection | null}
   */
  connection = null;

  #key;
  #name;
  #backoff = new Backoff();
  #rates = new RateControl(KBPS["720p"]);
  #trips = 0;
  #timer = 0;
  #attempt = 0;
  #session = "";
  /** @type {MediaStream | null} */
  #stream = null;
  /** @type {Quality} */
  #quality = "720p";

  /**
   * @param {string} key  the secret of the link
   * @param {string} name  by which the program knows this page again after its connection broke
   */
  constructor(key, name) {
    this.#key = key;
    this.#name = name;
  }

  get running() {
    return this.#stream !== null;
  }

  /**
   * @param {MediaStream} stream
   * @param {Quality} quality
   * @param {boolean} [replace]  take the place of another phone
   */
  start(stream, quality, replace = false) {
    this.#stream = stream;
    this.#quality = quality;
    this.#backoff.reset();
    this.#connect(replace);
  }

  /** Send another camera's picture over the connection that there is. */
  async swap(/** @type {MediaStream} */ stream, /** @type {Quality} */ quality) {
    const kinds = (/** @type {MediaStream | null} */ each) =>
      each?.getTracks().map((track) => track.kind).sort().join();
    const same = kinds(this.#stream) === kinds(stream);
    this.#stream = stream;
    this.#quality = quality;
    if (!same || this.connection?.connectionState !== "connected") return this.#connect();
    this.#rates = new RateControl(KBPS[quality]);
    for (const sender of this.connection.getSenders()) {
      const track = stream.getTracks().find(({ kind }) => kind === sender.track?.kind);
      if (track) await sender.replaceTrack(track);
    }
    await this.#tune(this.connection);
  }

  /**
   * Try at once, unless all is well: the phone is awake again.
   * @param {boolean} [anyway]  the network is another one, so nothing can be well
   */
  hurry(anyway = false) {
    const state = this.connection?.connectionState ?? "";
    const well = ["new", "connecting", "connected"].includes(state);
    if (!this.running || (well && !anyway)) return;
    this.#backoff.reset();
    this.#connect();
  }

  /**
   * A network that fills up is given less.
   * @param {number} rttMs
   * @param {number} trips  how many round trips were measured until now
   */
  async pace(rttMs, trips) {
    if (trips === this.#trips) return;
    this.#trips = trips;
    const before = this.#rates.kbps;
    if (this.#rates.observe(rttMs) !== before && this.connection) await this.#tune(this.connection);
  }

  stop() {
    this.#stream = null;
    this.leave();
    this.onstate("idle", 0);
  }

  /** Close the connection and tell the program so: the page goes away, and may come back. */
  leave() {
    this.#end();
    if (!this.#session) return;
    fetch(this.#session, { method: "DELETE", headers: this.#headers(), keepalive: true }).catch(() => {});
    this.#session = "";
  }

  /** Close the connection. The program need not be told: the next one takes its place. */
  #end() {
    clearTimeout(this.#timer);
    this.#attempt++;
    this.connection?.close();
    this.connection = null;
  }

  async #connect(replace = false) {
    this.#end();
    this.#rates = new RateControl(KBPS[this.#quality]);
    const attempt = this.#attempt;
    this.onstate("connecting", 0);
    try {
      await this.#publish(attempt, replace);
    } catch (error) {
      if (attempt !== this.#attempt) return;
      if (error instanceof Refused && FINAL.includes(error.status)) {
        this.stop();
        this.onrefused(error);
        return;
      }
      this.#retry();
    }
  }

  /**
   * @param {number} attempt
   * @param {boolean} replace
   */
  async #publish(attempt, replace) {
    const stream = this.#stream;
    if (stream === null) return;
    const connection = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
    this.connection = connection;
    for (const { kind } of stream.getTracks()) {
      connection.addTransceiver(kind, { direction: "sendonly", streams: [stream] });
    }
    this.#watch(connection, attempt);
    // Without candidates of ours: the program learns the way back from our first packet.
    await connection.setLocalDescription();
    const answer = await this.#offer(connection, replace);
    if (attempt !== this.#attempt) return;
    await connection.setRemoteDescription({ type: "answer", sdp: answer });
  }

  /**
   * Only now, for an encoder that begins before it knows the bandwidth begins with a small picture.
   * @param {RTCPeerConnection} connection
   */
  async #send(connection) {
    const tracks = this.#stream?.getTracks() ?? [];
    await this.#tune(connection);
    for (const { sender, receiver } of connection.getTransceivers()) {
      const track = tracks.find(({ kind }) => kind === receiver.track.kind);
      if (track) await sender.replaceTrack(track);
    }
    if (connection === this.connection) this.onstate("live", 0);
  }

  /**
   * @param {RTCPeerConnection} connection
   * @param {boolean} replace
   */
  async #offer(connection, replace) {
    const query = new URLSearchParams({ publisher: this.#name });
    if (replace) query.set("replace", "1");
    const response = await fetch(`${ENDPOINT}?${query}`, {
      method: "POST",
      headers: { ...this.#headers(), "Content-Type": "application/sdp" },
      body: connection.localDescription?.sdp,
      signal: AbortSignal.timeout(CONNECT_MS),
    });
    if (!response.ok) throw await refusalOf(response);
    if (connection === this.connection) this.#session = response.headers.get("Location") ?? "";
    return response.text();
  }

  /**
   * @param {RTCPeerConnection} connection
   * @param {number} attempt
   */
  #watch(connection, attempt) {
    this.#timer = setTimeout(() => this.#retry(), CONNECT_MS);
    connection.addEventListener("connectionstatechange", () => {
      if (attempt !== this.#attempt) return;
      const state = connection.connectionState;
      if (state === "connected") {
        clearTimeout(this.#timer);
        this.#backoff.reset();
        this.#send(connection).catch(() => attempt === this.#attempt && this.#retry());
      } else if (state === "disconnected") {
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => this.#connect(), DISCONNECTED_MS);
      } else if (state === "failed") {
        this.#retry();
      }
    });
  }

  #retry() {
    this.#end();
    if (!this.running) return;
    const pause = this.#backoff.next();
    this.onstate("waiting", Math.ceil(pause / 1000));
    this.#timer = setTimeout(() => this.#connect(), pause);
  }

  /**
   * Rather a softer picture than a slower one.
   * @param {RTCPeerConnection} connection
   */
  async #tune(connection) {
    for (const { sender, receiver } of connection.getTransceivers()) {
      if (receiver.track.kind !== "video") continue;
      /** @type {RTCRtpSendParameters & {degradationPreference?: string}} */
      const parameters = sender.getParameters();
      parameters.degradationPreference = "maintain-framerate";
      for (const encoding of parameters.encodings ?? []) {
        encoding.maxBitrate = this.#rates.kbps * 1000;
      }
      // A browser that cannot be told sends by its own judgment.
      await sender.setParameters(parameters).catch(() => {});
    }
  }

  /** @returns {Record<string, string>} */
  #headers() {
    return this.#key ? { Authorization: `Bearer ${this.#key}` } : {};
  }
}
