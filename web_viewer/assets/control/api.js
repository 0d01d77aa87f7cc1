/** Everything the page asks of the program, except the endless streams. */

/** A refusal with the program's own sentence. `status` is 0 when nothing answered. */
export class Refused extends Error {
  /**
   * @param {number} status
   * @param {string} sentence
   */
  constructor(status, sentence) {
    super(sentence);
    this.status = status;
  }
}

/**
 * @param {string} url
 * @param {RequestInit} [options]
 * @returns {Promise<any>}
 */
export async function ask(url, options = {}) {
  let response;
  try {
    response = await fetch(url, { cache: "no-store", ...options });
  } catch {
    throw new Refused(0, "");
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(response.status, String(answer.error ?? response.statusText));
  return answer;
}

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

/** Whether this browser is signed in. */
export async function isOperator() {
  return Boolean((await ask("/api/session")).operator);
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
