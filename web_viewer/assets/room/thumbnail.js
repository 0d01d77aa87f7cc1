/** What the shot shows now, once in a while, for whoever has not joined yet. */

import { byId, say } from "../dom.js";
import { text } from "../messages.js";

const EVERY_MS = 2000;

export class Thumbnail {
  #url;
  #headers;
  #timer = 0;
  #running = false;

  /**
   * @param {string} shot
   * @param {Record<string, string>} headers
   */
  constructor(shot, headers) {
    this.#url = `/snapshot/${encodeURIComponent(shot)}.jpg`;
    this.#headers = headers;
  }

  start() {
    if (this.#running) return;
    this.#running = true;
    this.#look();
  }

  stop() {
    this.#running = false;
    clearTimeout(this.#timer);
  }

  async #look() {
    if (!document.hidden) await this.#show();
    if (this.#running) this.#timer = setTimeout(() => this.#look(), EVERY_MS);
  }

  async #show() {
    const image = /** @type {HTMLImageElement} */ (byId("thumbnail"));
    try {
      const response = await fetch(this.#url, { headers: this.#headers, cache: "no-store" });
      if (!response.ok) throw new Error(response.statusText);
      const before = image.src;
      image.src = URL.createObjectURL(await response.blob());
      await image.decode();
      if (before) URL.revokeObjectURL(before);
    } catch {
      image.removeAttribute("src");
    }
    image.hidden = !image.hasAttribute("src");
    byId("thumbnail-note").hidden = !image.hidden;
    say(byId("thumbnail-note"), text("thumbnailNone"));
  }
}
