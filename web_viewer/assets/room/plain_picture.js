/** The plain picture (MJPEG), for browsers and networks that have no live video. */

import { byId } from "../dom.js";
import { text } from "../messages.js";
import { MjpegPlayer } from "../mjpeg_player.js";

const RETRY_MS = 2000;

export class PlainPicture {
  /** Called with the first picture after each start. */
  onplaying = () => {};
  /** @type {(reason: string) => void} */
  onfailure = () => {};
  #player;
  #timer = 0;
  #wanted = false;

  /**
   * @param {string} url
   * @param {string} shot
   */
  constructor(url, shot) {
    this.#player = new MjpegPlayer(url, text("pictureOf", { shot }));
    this.#player.onplaying = () => this.onplaying();
    this.#player.onfailure = (/** @type {string} */ reason) => {
      this.onfailure(reason || text("unknownReason"));
      this.#timer = setTimeout(() => this.#show(), RETRY_MS);
    };
    byId("plain").replaceChildren(this.#player.element);
    // Nobody looks at a hidden tab: no picture is made or sent for it.
    document.addEventListener("visibilitychange", () => this.#show());
  }

  start() {
    this.#wanted = true;
    this.#show();
  }

  stop() {
    this.#wanted = false;
    this.#show();
  }

  #show() {
    clearTimeout(this.#timer);
    if (this.#wanted && !document.hidden) this.#player.start();
    else this.#player.stop();
  }
}
