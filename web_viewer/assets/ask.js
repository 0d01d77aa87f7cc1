/** Everything a page asks of the program, except the endless streams. */

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

/** Whether this browser is signed in. */
export async function isOperator() {
  return Boolean((await ask("/api/session")).operator);
}
