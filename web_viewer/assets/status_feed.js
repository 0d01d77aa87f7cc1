const FIRST_WAIT_S = 1;
const LONGEST_WAIT_S = 10;

/** Follows /api/events and comes back by itself, waiting a little longer after each failure. */
export class StatusFeed {
  /** Called with each status. @type {(status: any) => void} */
  onstatus = () => {};
  /** Called once a connection stands. */
  onopen = () => {};
  /**
   * Called each second while the server is away, with the seconds until the next try.
   * @type {(seconds: number) => void}
   */
  onaway = () => {};
  /** @type {EventSource | null} */
  #source = null;
  #wait = FIRST_WAIT_S;
  #timer = 0;
  #url;

  /** @param {number} hz  events a second, at most */
  constructor(hz = 5) {
    this.#url = `/api/events?hz=${hz}`;
  }

  start() {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = new EventSource(this.#url);
    this.#source.onopen = () => {
      this.#wait = FIRST_WAIT_S;
      this.onopen();
    };
    this.#source.onerror = () => this.#failed();
    this.#source.addEventListener("status", (event) => this.onstatus(JSON.parse(event.data)));
  }

  stop() {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
  }

  #failed() {
    this.#source?.close();
    const seconds = this.#wait;
    this.#wait = Math.min(2 * this.#wait, LONGEST_WAIT_S);
    this.#countDown(seconds);
  }

  /** @param {number} seconds */
  #countDown(seconds) {
    if (seconds === 0) return this.start();
    this.onaway(seconds);
    this.#timer = setTimeout(() => this.#countDown(seconds - 1), 1000);
  }
}
