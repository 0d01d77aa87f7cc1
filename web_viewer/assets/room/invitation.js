/** What a room's link carries behind the #: an invitation, and whether to enter at once. */

/**
 * @param {string} hash    of the address, such as "#t=TOKEN&join"
 * @param {string} search  of the address, such as "?join=1"
 * @returns {{token: string, join: boolean, rest: string}} `rest`: the hash without the token
 */
export function readLink(hash, search) {
  const words = new URLSearchParams(hash.replace(/^#/, ""));
  const token = words.get("t") ?? "";
  words.delete("t");
  const asked = new URLSearchParams(search).get("join") ?? words.get("join");
  // "#join" alone reads as join with no value; written again it would get a "=".
  const rest = words.toString().replace(/=(?=&|$)/g, "");
  return { token, join: asked !== null && asked !== "0", rest: rest ? `#${rest}` : "" };
}

/**
 * The invitation of this link or, after a reload, of this tab. A fragment never reaches logs; but
 * an address bar is looked at over shoulders, so it is taken out once the tab can keep it.
 * @param {string} shot
 * @returns {{token: string, join: boolean}}
 */
export function takeInvitation(shot) {
  const { token, join, rest } = readLink(location.hash, location.search);
  const key = `livetrack-invitation-${shot}`;
  try {
    if (!token) return { token: sessionStorage.getItem(key) ?? "", join };
    sessionStorage.setItem(key, token);
    history.replaceState(null, "", location.pathname + location.search + rest);
  } catch {
    // No storage in this browser: the link stays as it is, so that a reload still works.
  }
  return { token, join };
}

/**
 * @param {string} token
 * @returns {Record<string, string>}
 */
export function headersFor(token) {
  return token ? { Authorization: `Bearer ${token}` } : {};
}
