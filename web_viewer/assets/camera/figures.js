/** What the connection's own statistics say, once a second. */

/**
 * @typedef {object} Figures  null: not known yet
 * @property {number | null} fps
 * @property {number | null} kbps
 * @property {number | null} rttMs
 * @property {number} trips  how often the round trip was measured until now
 * @property {string | null} size
 * @property {string | null} codec
 */

/** @type {Figures} */
export const NO_FIGURES = { fps: null, kbps: null, rttMs: null, trips: 0, size: null, codec: null };

export class FigureReader {
  #bytes = 0;
  #atMs = 0;

  /**
   * @param {Iterable<any>} stats  the entries of an RTCStatsReport
   * @returns {Figures}
   */
  read(stats) {
    const all = [...stats];
    const sent = all.find((each) => each.type === "outbound-rtp" && each.kind === "video");
    if (!sent) return NO_FIGURES;
    const report = all.find((each) => each.type === "remote-inbound-rtp" && each.kind === "video");
    const codec = all.find((each) => each.id === sent.codecId);
    const passed = sent.timestamp - this.#atMs;
    const known = this.#atMs > 0 && passed > 0 && sent.bytesSent >= this.#bytes;
    const kbps = known ? ((sent.bytesSent - this.#bytes) * 8) / passed : null;
    this.#bytes = sent.bytesSent;
    this.#atMs = sent.timestamp;
    return {
      fps: sent.framesPerSecond ?? null,
      kbps,
      rttMs: report?.roundTripTime !== undefined ? report.roundTripTime * 1000 : null,
      trips: report?.roundTripTimeMeasurements ?? 0,
      size: sent.frameWidth ? `${sent.frameWidth}×${sent.frameHeight}` : null,
      codec: codec?.mimeType?.replace("video/", "") ?? null,
    };
  }

  /** Another connection counts from zero. */
  reset() {
    this.#bytes = 0;
    this.#atMs = 0;
  }
}
