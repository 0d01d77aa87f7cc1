/**
 * What the room needs of any way to show the picture.
 * @typedef {object} Player
 * @property {HTMLElement} element            put into the page by the room
 * @property {() => void} start               begin, or begin again
 * @property {() => void} stop                end; the last picture may stay
 * @property {(reason: string) => void} onfailure  called when the picture ended or never came
 * @property {() => void} onplaying           called with the first picture after each start
 */

const LOOK_MS = 100;

/** Shows an MJPEG stream in an <img>. @implements {Player} */
export class MjpegPlayer {
  /** @type {(reason: string) => void} */
  onfailure = () => {};
  onplaying = () => {};
  #url;
  #looking = 0;
  #starts = 0;

  /**
   * @param {string} url
   * @param {string} description  for those who cannot see the picture
   */
  constructor(url, description) {
    this.#url = url;
    this.element = new Image();
    this.element.alt = description;
    this.element.decoding = "async";
    this.element.addEventListener("error", () => this.#failed());
  }

  start() {
    this.stop();
    // A new address each time: browsers do not ask again for one that failed or ended.
    const more = this.#url.includes("?") ? "&" : "?";
    this.element.src = `${this.#url}${more}try=${++this.#starts}`;
    this.#looking = setInterval(() => this.#look(), LOOK_MS);
  }

  stop() {
    clearInterval(this.#looking);
    this.element.removeAttribute("src");
  }

  /** Browsers disagree about the load event of an endless picture; its size tells reliably. */
  #look() {
    if (this.element.naturalWidth === 0) return;
    clearInterval(this.#looking);
    this.onplaying();
  }

  async #failed() {
    if (!this.element.hasAttribute("src")) return;
    this.stop();
    this.onfailure(await refusal(this.#url));
  }
}

/**
 * The server's own sentence about an address it refuses; empty when it does not answer at all.
 * @param {string} url
 */
export async function refusal(url) {
  const abort = new AbortController();
  try {
    const response = await fetch(url, { signal: abort.signal, cache: "no-store" });
    return response.ok ? "" : String((await response.json()).error);
  } catch {
    return "";
  } finally {
    abort.abort();
  }
}
