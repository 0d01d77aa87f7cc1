/** On the operator's own screen: the code that makes a phone the camera. */

import { ask } from "../ask.js";
import { byId } from "../dom.js";
import { text } from "../messages.js";
import { toast } from "../notices.js";

const TOAST_LINK = "linkCopied";

export class PhoneCard {
  #link = /** @type {HTMLInputElement} */ (byId("link"));

  constructor() {
    byId("copy").addEventListener("click", () => this.#copy());
  }

  /** Ask for the link, which only an operator gets. */
  async show() {
    const { link, reachable } = await ask("/api/camera/link", { method: "POST" });
    byId("phone").hidden = false;
    byId("phone-near").hidden = !reachable;
    byId("phone-far").hidden = reachable;
    this.#link.value = link;
    /** @type {HTMLImageElement} */ (byId("qr")).src = "/qr.svg?camera=1";
  }

  async #copy() {
    this.#link.select();
    try {
      await navigator.clipboard.writeText(this.#link.value);
      toast(text(TOAST_LINK));
    } catch {
      // Plain http from another machine has no clipboard interface; the old command still works.
      const copied = document.execCommand("copy");
      toast(text(copied ? TOAST_LINK : "copyFailed"), copied ? "good" : "bad");
    }
  }
}
