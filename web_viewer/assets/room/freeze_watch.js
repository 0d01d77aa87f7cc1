/** Notices a picture that stands still although the connection does. Pure. */

const STILL_MS = 3000;
const FROZEN_MS = 7000;

export class FreezeWatch {
  #frames = -1;
  #movedAt = 0;

  /** @param {number} now  ms */
  start(now) {
    this.#frames = -1;
    this.#movedAt = now;
  }

  /**
   * @param {number | null} frames  decoded since the beginning; null: nothing has arrived
   * @param {number} now  ms
   * @returns {"moving" | "still" | "frozen"} still: say so; frozen: connect anew
   */
  observe(frames, now) {
    if (frames !== null && frames !== this.#frames) {
      this.#frames = frames;
      this.#movedAt = now;
    }
    const since = this.since(now);
    return since >= FROZEN_MS ? "frozen" : since >= STILL_MS ? "still" : "moving";
  }

  /**
   * How long the picture has stood still, ms.
   * @param {number} now  ms
   */
  since(now) {
    return now - this.#movedAt;
  }
}
