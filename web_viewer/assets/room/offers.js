/** The choices a viewer has, as groups of radio buttons: size, codec, delay, and the same room. */

import { text } from "../messages.js";
import { ChoiceGroup } from "./choice_group.js";
import { CODECS, codecObstacle, sizes } from "./codecs.js";

/** @typedef {import("./types.js").RoomInfo} RoomInfo */
/** @typedef {import("./types.js").CodecName} CodecName */
/** @typedef {import("./choices.js").Choices} Choices */

export class Offers {
  /** Something was chosen. @type {(change: Partial<Choices>) => void} */
  onchoose = () => {};
  #size;
  #codec;
  #mode;
  #sameRoom;
  #decodable;

  /**
   * @param {string} place  begins the ids
   * @param {readonly CodecName[]} decodable  what this browser can play
   */
  constructor(place, decodable) {
    this.#decodable = decodable;
    this.#size = new ChoiceGroup(`${place}-size`);
    this.#codec = new ChoiceGroup(`${place}-codec`);
    this.#mode = new ChoiceGroup(`${place}-mode`);
    this.#sameRoom = new ChoiceGroup(`${place}-same-room`);
    this.#size.onchoose = (value) => this.onchoose({ height: value === "auto" ? value : Number(value) });
    this.#codec.onchoose = (value) => this.onchoose({ codec: /** @type {Choices["codec"]} */ (value) });
    this.#mode.onchoose = (value) => this.onchoose({ mode: /** @type {Choices["mode"]} */ (value) });
    this.#sameRoom.onchoose = (value) => this.onchoose({ same_room: value === "yes" });
  }

  /** Everything, for the card before joining. */
  get all() {
    return [this.#size.root, this.#codec.root, this.#mode.root, this.#sameRoom.root];
  }

  /** What can change while watching. */
  get changeable() {
    return [this.#size.root, this.#mode.root];
  }

  /**
   * @param {RoomInfo | null} room
   * @param {Choices} choices
   */
  show(room, choices) {
    this.#showSizes(room, choices);
    this.#showCodecs(room, choices);
    const modes = ["lowest", "smooth"].map((value) => ({ value, label: text(`mode_${value}`) }));
    this.#mode.show(text("mode"), modes, choices.mode, text(`modeNote_${choices.mode}`));
    const answers = ["yes", "no"].map((value) => ({ value, label: text(`sameRoom_${value}`) }));
    const answer = choices.same_room ? "yes" : "no";
    this.#sameRoom.show(text("sameRoom"), answers, answer, text(`sameRoomNote_${answer}`));
    this.#sameRoom.root.hidden = room !== null && !room.sound;
  }

  /**
   * @param {RoomInfo | null} room
   * @param {Choices} choices
   */
  #showSizes(room, choices) {
    const auto = { value: "auto", label: text("size_auto") };
    if (!room) return this.#size.show(text("size"), [auto], "auto", text("sizeNote_auto"));
    const [width, height] = room.size;
    const all = sizes(room);
    const options = all.map(({ side, rendition }) => ({
      value: String(side),
      label: `${side}p`,
      obstacle: rendition ? "" : sizeObstacle(side, width, height),
    }));
    const chosen = all.find(({ side, rendition }) => side === choices.height && rendition)?.rendition;
    const note = chosen ? text("sizeNote_fixed", { kbps: chosen.kbps }) : text("sizeNote_auto");
    this.#size.show(text("size"), [auto, ...options], chosen ? String(choices.height) : "auto", note);
  }

  /**
   * @param {RoomInfo | null} room
   * @param {Choices} choices
   */
  #showCodecs(room, choices) {
    const options = CODECS.map((value) => {
      const label = text(`codec_${value}`);
      const obstacle = codecObstacle(value, this.#decodable, room);
      return { value, label, obstacle: obstacle && text(obstacle, { codec: label }) };
    });
    const possible = options.some(({ value, obstacle }) => value === choices.codec && !obstacle);
    const chosen = possible ? choices.codec : "auto";
    const auto = { value: "auto", label: text("codec_auto") };
    this.#codec.show(text("codec"), [auto, ...options], chosen, text(`codecNote_${chosen}`));
  }
}

/**
 * @param {number} side
 * @param {number} width
 * @param {number} height
 */
function sizeObstacle(side, width, height) {
  return side > Math.min(width, height)
    ? text("sizeNotSent", { width, height })
    : text("sizeNotMade", { sizes: `${side}p` });
}

/**
 * What is asked of the program: choices that cannot be are left to it.
 * @param {Choices} choices
 * @param {RoomInfo | null} room
 * @param {readonly CodecName[]} decodable
 * @returns {import("./types.js").Wish}
 */
export function wishOf(choices, room, decodable) {
  const { name, mode, codec, height, same_room: sameRoom } = choices;
  const playable = codec !== "auto" && codecObstacle(codec, decodable, room) === "";
  const made = room === null || sizes(room).some(({ side, rendition }) => side === height && rendition);
  return {
    name,
    mode,
    codec: playable ? codec : "auto",
    height: made ? height : "auto",
    sound: !sameRoom,
  };
}
