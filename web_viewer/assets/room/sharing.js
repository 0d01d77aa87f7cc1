/** The room's address for other devices, as a QR code and as text, and the one for OBS. */

import { byId, say } from "../dom.js";
import { text } from "../messages.js";
import { toast } from "../notices.js";

/** @typedef {import("./types.js").RoomInfo} RoomInfo */

const codes = [byId("qr"), byId("join-qr")].map((code) => /** @type {HTMLImageElement} */ (code));

export class Sharing {
  #shot;
  #headers;
  #shown = "";

  /**
   * @param {string} shot
   * @param {string} streamUrl  of the plain picture
   * @param {Record<string, string>} headers
   */
  constructor(shot, streamUrl, headers) {
    this.#shot = shot;
    this.#headers = headers;
    field("stream-url").value = new URL(streamUrl, location.href).href;
    byId("copy").addEventListener("click", () => copyField("stream-url"));
    byId("copy-link").addEventListener("click", () => copyField("link"));
  }

  /** @param {RoomInfo | null} room */
  async show(room) {
    const link = room ? linkOf(room) : "";
    const key = link ? "shareText" : room?.invited_only ? "shareInvited" : "shareLocal";
    byId("share").hidden = room === null;
    byId("share-text").dataset.text = key;
    say(byId("share-text"), text(key));
    byId("share").toggleAttribute("data-words-only", link === "");
    field("link").value = link;
    byId("join-share").hidden = link === "";
    say(byId("join-link"), link);
    if (link === this.#shown) return;
    this.#shown = link;
    for (const code of codes) code.hidden = true;
    if (!link) return;
    const url = `/qr.svg?shot=${encodeURIComponent(this.#shot)}`;
    const response = await fetch(url, { headers: this.#headers }).catch(() => null);
    if (!response?.ok) return;
    const src = URL.createObjectURL(await response.blob());
    for (const code of codes) Object.assign(code, { src, alt: text("qrLabel", { link }), hidden: false });
  }
}

/**
 * The address that other devices can open; "" when there is none. Watching needs no encrypted
 * address, and one with a certificate of ours would be warned of.
 * @param {RoomInfo} room
 */
function linkOf(room) {
  if (room.invited_only) return "";
  const network = room.links?.network ?? [];
  const plain = network.find((link) => link.startsWith("http:"));
  const here = ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname);
  return plain ?? network[0] ?? (here ? "" : location.origin + location.pathname);
}

/** @param {string} id */
const field = (id) => /** @type {HTMLInputElement} */ (byId(id));

/** @param {string} id */
async function copyField(id) {
  field(id).select();
  await copyText(field(id).value, text("copied"));
}

/**
 * Plain http from another machine has no clipboard interface; the old command still works.
 * @param {string} words
 * @param {string} done  what is said then
 */
export async function copyText(words, done) {
  try {
    await navigator.clipboard.writeText(words);
    toast(done);
  } catch {
    const paper = Object.assign(document.createElement("textarea"), { value: words, className: "visually-hidden" });
    document.body.append(paper);
    paper.select();
    toast(document.execCommand("copy") ? done : text("copyByHand"));
    paper.remove();
  }
}
