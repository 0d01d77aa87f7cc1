/** What the operator's page alone asks of the program. */

import { Refused, ask } from "../ask.js";

/**
 * @param {Record<string, unknown>} body  `{command: NAME, …}`
 * @param {string | null} target  a shot; null: every shot
 */
export function sendCommand(body, target) {
  return ask("/api/command", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(target === null ? body : { ...body, target }),
  });
}

/**
 * Sign this browser in: the token buys a link that works once and leaves a cookie.
 * @param {string} token
 */
export async function signIn(token) {
  const headers = { Authorization: `Bearer ${token}` };
  const { url } = await ask("/api/sign-in", { method: "POST", headers });
  const page = await fetch(url, { cache: "no-store" });
  if (!page.ok) throw new Refused(page.status, String((await page.json()).error));
}

/** Sends the latest of many values: one on its way at most, those in between left out. */
export class Latest {
  #busy = false;
  /** @type {(() => Promise<unknown>) | null} */
  #next = null;

  /** @param {() => Promise<unknown>} send */
  async put(send) {
    this.#next = send;
    if (this.#busy) return;
    this.#busy = true;
    try {
      while (this.#next) {
        const now = this.#next;
        this.#next = null;
        await now();
      }
    } finally {
      this.#busy = false;
    }
  }
}
