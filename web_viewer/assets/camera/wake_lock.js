/** Keeps the phone's screen on while its camera is wanted: a phone that locks stops the camera. */

export class WakeLock {
  /** @type {(held: boolean) => void} */
  onchange = () => {};
  #wanted = false;
  /** @type {WakeLockSentinel | null} */
  #lock = null;

  constructor() {
    // The browser takes the lock away from a page nobody sees.
    document.addEventListener("visibilitychange", () => this.#take());
  }

  /** Whether this browser can do it at all. */
  static get known() {
    return "wakeLock" in navigator;
  }

  /** @param {boolean} wanted */
  async keep(wanted) {
    this.#wanted = wanted;
    if (wanted) return this.#take();
    await this.#lock?.release();
    this.#lock = null;
  }

  async #take() {
    if (!this.#wanted || document.hidden || !WakeLock.known) return;
    if (this.#lock && !this.#lock.released) return;
    try {
      const lock = await navigator.wakeLock.request("screen");
      if (!this.#wanted) {
        await lock.release();
        return;
      }
      lock.addEventListener("release", () => this.onchange(false));
      this.#lock = lock;
      this.onchange(true);
    } catch {
      // Refused, as with an almost empty battery.
      this.onchange(false);
    }
  }
}
