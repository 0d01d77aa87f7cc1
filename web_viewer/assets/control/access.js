/** Who may operate: signed in, reading only, or cut off; and what the page allows then. */

import { Refused, isOperator } from "../ask.js";
import { byId, say } from "../dom.js";
import { text } from "../messages.js";
import { signIn } from "./api.js";

/** @typedef {import("./desk.js").Desk} Desk */

export class Access {
  /** Called when commands became possible or impossible. */
  onchange = () => {};
  #desk;

  /** @param {Desk} desk */
  constructor(desk) {
    this.#desk = desk;
    if (new URLSearchParams(location.search).get("link") === "expired") {
      byId("link-expired").hidden = false;
      history.replaceState(null, "", location.pathname);
    }
    byId("token-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#signIn();
    });
  }

  /** Ask whether this browser may operate. */
  async check() {
    try {
      this.#desk.operator = await isOperator();
    } catch {
      this.#desk.operator = false;
    }
    this.show();
  }

  show() {
    const { connected, operator, status } = this.#desk;
    byId("sign-in").hidden = !connected || operator || status === null;
    const enabled = connected && operator;
    for (const part of document.querySelectorAll("fieldset[data-operating]")) {
      /** @type {HTMLFieldSetElement} */ (part).disabled = !enabled;
    }
    document.body.toggleAttribute("data-operating", enabled);
    this.onchange();
  }

  async #signIn() {
    const field = /** @type {HTMLInputElement} */ (byId("token"));
    try {
      await signIn(field.value.trim());
      field.value = "";
      say(byId("token-error"), "");
    } catch (error) {
      const known = error instanceof Refused;
      const wrong = known && error.status === 401;
      say(byId("token-error"), wrong ? text("wrongToken") : (known && error.message) || text("noAnswer"));
      field.focus();
    }
    await this.check();
  }
}
