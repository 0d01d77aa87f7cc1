/** The card before the picture: who, how large, how quick, and with sound or without. */

import { byId, say } from "../dom.js";
import { text } from "../messages.js";
import { Offers } from "./offers.js";
import { Thumbnail } from "./thumbnail.js";

/** @typedef {import("./types.js").RoomInfo} RoomInfo */
/** @typedef {import("./types.js").CodecName} CodecName */
/** @typedef {import("./types.js").Failure} Failure */
/** @typedef {import("./choices.js").Choices} Choices */

export class JoinCard {
  onjoin = () => {};
  /** @type {(change: Partial<Choices>) => void} */
  onchoose = () => {};
  #offers;
  #thumbnail;
  #name = /** @type {HTMLInputElement} */ (byId("name"));
  #shot;

  /**
   * @param {string} shot
   * @param {readonly CodecName[]} decodable
   * @param {Record<string, string>} headers
   */
  constructor(shot, decodable, headers) {
    this.#shot = shot;
    this.#offers = new Offers("join", decodable);
    this.#thumbnail = new Thumbnail(shot, headers);
    this.#offers.onchoose = (change) => this.onchoose(change);
    byId("join-choices").replaceChildren(...this.#offers.all);
    this.#name.addEventListener("change", () => this.onchoose({ name: this.#name.value.trim() }));
    byId("join-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.onjoin();
    });
  }

  open() {
    byId("join").hidden = false;
    this.#thumbnail.start();
  }

  close() {
    byId("join").hidden = true;
    this.#thumbnail.stop();
  }

  /**
   * @param {RoomInfo | null} room  null: not known, or there is none
   * @param {Choices} choices
   * @param {Failure | null} obstacle  to live video
   */
  show(room, choices, obstacle) {
    this.#offers.show(room, choices);
    if (document.activeElement !== this.#name) this.#name.value = choices.name;
    /** @type {HTMLImageElement} */ (byId("thumbnail")).alt = text("thumbnail", { shot: this.#shot });
    if (room) this.#showFacts(room);
    this.#showObstacle(room, obstacle);
  }

  /** @param {string} source  name of the camera; "" when unknown */
  showSource(source) {
    say(byId("join-lead"), source ? text("joinLead", { shot: this.#shot, source }) : this.#shot);
  }

  /** @param {RoomInfo} room */
  #showFacts(room) {
    const [width, height] = room.size;
    byId("thumbnail-frame").style.setProperty("--aspect", String(width / height));
    const fps = Math.round(room.fps);
    say(byId("join-facts"), `${text("joinFacts", { width, height, fps })} · ${watching(room.viewers)}`);
  }

  /**
   * @param {RoomInfo | null} room
   * @param {Failure | null} obstacle
   */
  #showObstacle(room, obstacle) {
    const full = room?.full ? whyFull(room) : "";
    const words = obstacle ? `${text(`failed_${obstacle.code}`)}. ${text(`failed_${obstacle.code}_text`, obstacle.values)}` : full;
    byId("join-obstacle").hidden = words === "";
    say(byId("join-obstacle"), words);
    const never = obstacle !== null && obstacle.retry === "never" && !obstacle.plain;
    const button = /** @type {HTMLButtonElement} */ (byId("join-button"));
    button.disabled = never;
    say(button, text(obstacle?.plain ? "joinPlain" : "join"));
    byId("join-choices").hidden = obstacle?.plain ?? false;
  }
}

/** @param {number} count */
export function watching(count) {
  const key = count === 0 ? "watching_none" : count === 1 ? "watching_one" : "watching_many";
  return text(key, { count });
}

/** @param {RoomInfo} room */
function whyFull({ viewers, max_viewers: count }) {
  return viewers < count ? text("fullUpload") : text("fullNow", { count });
}
