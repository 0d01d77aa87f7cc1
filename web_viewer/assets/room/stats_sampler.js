/** What a browser's getStats() says about one second of a connection. Pure. */

/** @typedef {import("./types.js").Sample} Sample */

/** @typedef {{[name: string]: any, type: string, id?: string}} Stat */
/** @typedef {{forEach(look: (stat: any) => void): void}} Report */

export class StatsSampler {
  /** @type {Stat | null} */
  #before = null;
  #keyframeAt = 0;
  #keyframeGap = 0;

  /**
   * @param {Report} report  of RTCPeerConnection.getStats()
   * @returns {Sample | null} null before anything has arrived
   */
  sample(report) {
    /** @type {Stat[]} */
    const stats = [];
    report.forEach((stat) => stats.push(stat));
    const now = stats.find(({ type, kind }) => type === "inbound-rtp" && kind === "video");
    if (!now) return null;
    const before = this.#before?.id === now.id ? this.#before : null;
    this.#before = now;
    const seconds = before ? (now.timestamp - before.timestamp) / 1000 : 0;
    const codec = stats.find(({ id }) => id !== undefined && id === now.codecId);
    const grown = (/** @type {string} */ name) => growth(before, now, name);
    return {
      packets_lost: known(now.packetsLost),
      packets_received: known(now.packetsReceived),
      loss_pct: loss(grown("packetsLost"), grown("packetsReceived")),
      nack: known(now.nackCount),
      keyframe_interval_s: this.#keyframeInterval(before, now),
      rtt_ms: inMs(selectedPair(stats)?.currentRoundTripTime),
      kbps: per(scaled(grown("bytesReceived"), 8 / 1000), seconds),
      jitter_ms: inMs(now.jitter),
      jitter_buffer_ms: inMs(per(grown("jitterBufferDelay"), grown("jitterBufferEmittedCount"))),
      decode_ms: inMs(per(grown("totalDecodeTime"), grown("framesDecoded"))),
      fps: per(grown("framesDecoded"), seconds) ?? known(now.framesPerSecond),
      width: known(now.frameWidth),
      height: known(now.frameHeight),
      frames_decoded: known(now.framesDecoded),
      dropped: known(now.framesDropped),
      freezes: known(now.freezeCount),
      still_s: 0,
      decoder: now.decoderImplementation ?? null,
      codec: codec?.mimeType?.split("/")[1] ?? null,
    };
  }

  /**
   * Seconds between the last two keyframes, or since the last one when that is longer: the
   * program sends one when somebody needs it, and else none for a long time.
   * @param {Stat | null} before
   * @param {Stat} now
   */
  #keyframeInterval(before, now) {
    const keyframes = known(now.keyFramesDecoded);
    if (keyframes === null || keyframes === 0) return null;
    const more = growth(before, now, "keyFramesDecoded") ?? keyframes;
    const since = this.#keyframeAt ? (now.timestamp - this.#keyframeAt) / 1000 : 0;
    if (more > 0) {
      this.#keyframeGap = since / more;
      this.#keyframeAt = now.timestamp;
    }
    const interval = Math.max(this.#keyframeGap, more > 0 ? 0 : since);
    return interval || null;
  }
}

/**
 * The pair of addresses that packets go between. Browsers name it in three ways.
 * @param {Stat[]} stats
 */
function selectedPair(stats) {
  const chosen = stats.find(({ type }) => type === "transport")?.selectedCandidatePairId;
  const pairs = stats.filter(({ type }) => type === "candidate-pair");
  return (
    pairs.find(({ id }) => id === chosen) ??
    pairs.find(({ selected }) => selected) ??
    pairs.find(({ nominated, state }) => nominated && state === "succeeded")
  );
}

/** @param {unknown} value */
function known(value) {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/**
 * @param {Stat | null} before
 * @param {Stat} now
 * @param {string} name
 */
function growth(before, now, name) {
  const [one, other] = [known(before?.[name]), known(now[name])];
  return one === null || other === null ? null : other - one;
}

/**
 * @param {number | null} amount
 * @param {number | null} count
 */
function per(amount, count) {
  return amount === null || !count ? null : amount / count;
}

/**
 * @param {number | null} value
 * @param {number} factor
 */
function scaled(value, factor) {
  return value === null ? null : value * factor;
}

/** @param {unknown} seconds */
function inMs(seconds) {
  return scaled(known(seconds), 1000);
}

/**
 * Packets that came late after all count as found, so the loss of a second may be below zero.
 * @param {number | null} lost
 * @param {number | null} received
 */
function loss(lost, received) {
  if (lost === null || received === null || lost + received <= 0) return null;
  return Math.max(0, (100 * lost) / (lost + received));
}
