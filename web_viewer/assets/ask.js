/** Everything a page asks of the program, except the endless streams. */

/** A refusal with the program's own sentence. `status` is 0 when nothing answered. */
export class Refused extends Error {
  /**
   * @param {number} status
   * @param {string} sentence
   * @param {Record<string, any>} [details]  what else was said; retry_after_s if it was
   */
  constructor(status, sentence, details = {}) {
    super(sentence);
    this.status = status;
    this.details = details;
  }
}

/**
 * What an answer that is no success says.
 * @param {Response} response
 */
export async function refusalOf(response) {
  const answer = await response.json().catch(() => ({}));
  const after = Number(response.headers.get("Retry-After"));
  const details = { ...answer, ...(after > 0 ? { retry_after_s: after } : {}) };
  return new Refused(response.status, String(answer.error ?? response.statusText), details);
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
  if (!response.ok) throw await refusalOf(response);
  return response.json().catch(() => ({}));
}

/** Whether this browser is signed in. */
export async function isOperator() {
  return Boolean((await ask("/api/session")).operator);
}
