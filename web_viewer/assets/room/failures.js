/** Why there is no picture: what is said, and what happens next. Pure. */

/** @typedef {import("./types.js").Failure} Failure */

/**
 * By the status of an answer: a code whose words are failed_CODE and failed_CODE_text, whether to
 * try again by itself, and whether the plain picture may do instead.
 * @type {Record<number, [code: string, retry: "soon" | "never", plain: boolean]>}
 */
const BY_STATUS = {
  0: ["away", "soon", false],
  400: ["offer", "never", true],
  401: ["invited", "never", false],
  403: ["invitation", "never", false],
  404: ["no_room", "never", true],
  406: ["no_codec", "never", true],
  408: ["slow", "soon", false],
  413: ["offer", "never", true],
  415: ["offer", "never", true],
  429: ["busy", "soon", false],
  500: ["mistake", "soon", false],
  503: ["full", "soon", false],
};

/** Those that no answer tells. @type {Record<string, [retry: "soon" | "never", plain: boolean]>} */
const BY_CODE = {
  no_webrtc: ["never", true],
  no_network: ["never", true],
  no_way: ["soon", true],
  no_picture: ["soon", true],
  frozen: ["soon", true],
  cut: ["soon", false],
};

export const CODES = [...new Set([...Object.values(BY_STATUS).map(([code]) => code), ...Object.keys(BY_CODE), "not_now", "other"])];

/**
 * The failure that an answer of the program means.
 * @param {number} status  0: nothing answered
 * @param {string} sentence  the program's own
 * @param {Record<string, any>} [details]  its other words
 * @returns {Failure}
 */
export function failureOf(status, sentence, details = {}) {
  if (status === 503 && details.reason === "no_network") return failure("no_network");
  const [code, retry, plain] = BY_STATUS[status] ?? ["other", "soon", false];
  const named = code === "full" && details.reason !== undefined && details.reason !== "full";
  const list = (/** @type {unknown} */ names) => (Array.isArray(names) && names.length ? names.join(", ") : "–");
  return {
    code: named ? "not_now" : code,
    values: { sentence, status, offered: list(details.offered), ours: list(details.ours) },
    retry,
    plain,
    ...(details.retry_after_s ? { wait_s: details.retry_after_s } : {}),
  };
}

/**
 * A failure of the connection itself.
 * @param {keyof typeof BY_CODE} code
 * @returns {Failure}
 */
export function failure(code) {
  const [retry, plain] = BY_CODE[code];
  return { code, values: {}, retry, plain };
}
