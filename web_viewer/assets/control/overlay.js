/** What is drawn over the preview: a button on each track, and each shot's crop. */

import { element, icon, say } from "../dom.js";
import { text } from "../messages.js";
import { trackName } from "./desk.js";
import { Motion } from "./motion.js";

/** @typedef {import("./types.js").Box} Box */
/** @typedef {import("./types.js").Status} Status */
/** @typedef {import("./types.js").Track} Track */
/** @typedef {import("./types.js").Shot} Shot */

/** Told apart by eye in both schemes, on any picture. */
const SHOT_COLORS = ["#2dd4bf", "#fbbf24", "#a78bfa", "#fb7185", "#60a5fa", "#a3e635"];
const SHADE = "rgb(4 8 12 / 46%)";

/** @param {number} index  of the shot */
export const shotColor = (index) => SHOT_COLORS[index % SHOT_COLORS.length];

export class Overlay {
  /** Called when a track's button is pressed. @type {(id: number) => void} */
  onchoose = () => {};
  #canvas;
  #layer;
  #motion;
  /** @type {Map<string, HTMLButtonElement>} */
  #buttons = new Map();
  /** @type {Map<string, HTMLElement>} */
  #names = new Map();
  /** @type {Status | null} */
  #status = null;
  /** @type {string | null} */
  #target = null;
  /** @type {Map<string, Box>} */
  #drawn = new Map();
  /** A rectangle being drawn, in source pixels. @type {Box | null} */
  draft = null;

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {HTMLElement} layer  holds the buttons
   * @param {boolean} still  whether boxes jump instead of gliding
   */
  constructor(canvas, layer, still) {
    this.#canvas = canvas;
    this.#layer = layer;
    this.#motion = new Motion(still);
  }

  /**
   * Take in a status; null when there is none any more.
   * @param {Status | null} status
   * @param {string | null} target
   * @param {number} now  ms
   */
  observe(status, target, now) {
    this.#status = status;
    this.#target = target;
    const shots = (status?.shots ?? []).filter((shot) => shot.crop !== null);
    this.#motion.observe(
      [
        ...(status?.tracks ?? []).map((track) => boxOf(`track ${track.id}`, track.box)),
        ...shots.map((shot) => boxOf(`crop ${shot.name}`, /** @type {Box} */ (shot.crop))),
      ],
      now,
    );
    this.#keepButtons(status?.tracks ?? []);
    this.#keepNames(shots);
  }

  /** The tracks with the boxes that are on the screen at this moment. @returns {Track[]} */
  get tracks() {
    return (this.#status?.tracks ?? []).flatMap((track) => {
      const box = this.#drawn.get(`track ${track.id}`);
      return box ? [{ ...track, box }] : [];
    });
  }

  /**
   * A shot's crop as it is drawn.
   * @param {string} shot
   */
  crop(shot) {
    return this.#drawn.get(`crop ${shot}`) ?? null;
  }

  /**
   * The one under the pointer.
   * @param {number | null} id
   */
  point(id) {
    for (const [key, button] of this.#buttons) {
      button.toggleAttribute("data-pointed", key === `track ${id}`);
    }
  }

  /** @param {boolean} enabled */
  enable(enabled) {
    for (const button of this.#buttons.values()) button.disabled = !enabled;
    this.#layer.toggleAttribute("data-disabled", !enabled);
  }

  /** @param {number} now  ms */
  draw(now) {
    this.#drawn = new Map(this.#motion.at(now));
    const source = this.#status?.source;
    const scale = source ? this.#canvas.clientWidth / source.width : 0;
    for (const [key, box] of this.#drawn) {
      const part = this.#buttons.get(key) ?? this.#names.get(key);
      if (part) place(part, box, scale, part.localName === "button");
    }
    this.#paint(scale);
  }

  /** @param {Track[]} tracks */
  #keepButtons(tracks) {
    keep(this.#buttons, tracks.map((track) => `track ${track.id}`), (key) => this.#button(key));
    for (const track of tracks) {
      const button = /** @type {HTMLButtonElement} */ (this.#buttons.get(`track ${track.id}`));
      this.#describe(button, track);
    }
  }

  /** @param {string} key */
  #button(key) {
    const button = element("button", { type: "button", className: "track", data: { key } });
    button.append(element("span", { className: "track-name" }));
    button.addEventListener("click", () => this.onchoose(Number(key.slice("track ".length))));
    button.disabled = this.#layer.hasAttribute("data-disabled");
    this.#layer.append(button);
    return button;
  }

  /**
   * @param {HTMLButtonElement} button
   * @param {Track} track
   */
  #describe(button, track) {
    const shots = this.#status?.shots ?? [];
    const owners = shots.filter((shot) => shot.subject.includes(track.id));
    const first = owners.find((shot) => shot.name === this.#target) ?? owners[0];
    const owner = first ? shots.indexOf(first) : -1;
    const locked = owners.some((shot) => shot.locked);
    const state = locked ? "locked" : owner >= 0 ? "subject" : "seen";
    const name = trackName(track);
    const words = text(locked ? "trackLocked" : owner >= 0 ? "trackSubject" : "trackSeen", { name });
    if (button.ariaLabel !== words) button.ariaLabel = words;
    const label = /** @type {Element} */ (button.firstElementChild);
    if (button.dataset.state !== state || label.textContent !== name) {
      button.dataset.state = state;
      button.ariaPressed = String(owner >= 0);
      label.replaceChildren(...(locked ? [icon("locked")] : []), name);
    }
    const color = owner >= 0 ? shotColor(owner) : "";
    if (button.dataset.color === color) return;
    button.dataset.color = color;
    button.style.setProperty("--color", color || "rgb(255 255 255 / 82%)");
  }

  /** @param {Shot[]} shots */
  #keepNames(shots) {
    keep(this.#names, shots.map((shot) => `crop ${shot.name}`), () => {
      const name = element("span", { className: "crop-name", ariaHidden: "true" });
      this.#layer.append(name);
      return name;
    });
    for (const shot of shots) {
      const name = /** @type {HTMLElement} */ (this.#names.get(`crop ${shot.name}`));
      say(name, `${shot.name} ${shot.aspect}`);
      name.style.setProperty("--color", shotColor(this.#status?.shots.indexOf(shot) ?? 0));
    }
  }

  /** @param {number} scale  screen pixels in a source pixel */
  #paint(scale) {
    const { clientWidth, clientHeight } = this.#canvas;
    const dense = devicePixelRatio;
    const [width, height] = [Math.round(clientWidth * dense), Math.round(clientHeight * dense)];
    if (this.#canvas.width !== width) this.#canvas.width = width;
    if (this.#canvas.height !== height) this.#canvas.height = height;
    const paper = /** @type {CanvasRenderingContext2D} */ (this.#canvas.getContext("2d"));
    paper.setTransform(dense, 0, 0, dense, 0, 0);
    paper.clearRect(0, 0, clientWidth, clientHeight);
    const crops = (this.#status?.shots ?? []).flatMap((shot, index) => {
      const box = this.crop(shot.name);
      const chosen = this.#target === null || this.#target === shot.name;
      return box ? [{ box: scaled(box, scale), color: shotColor(index), chosen }] : [];
    });
    if (crops.length) shade(paper, crops.filter(({ chosen }) => chosen), clientWidth, clientHeight);
    for (const { box, color, chosen } of crops) outline(paper, box, color, chosen ? 2 : 1.25, []);
    if (this.draft) outline(paper, scaled(this.draft, scale), "#fff", 2, [7, 5]);
  }
}

/**
 * @param {string} key
 * @param {Box} box
 * @returns {[string, Box]}
 */
function boxOf(key, box) {
  return [key, box];
}

/**
 * @param {Box} box
 * @param {number} scale
 * @returns {Box}
 */
function scaled([x, y, width, height], scale) {
  return [x * scale, y * scale, width * scale, height * scale];
}

/**
 * Elements by key: new ones made, those not wanted any more taken out of the page.
 * @template {HTMLElement} T
 * @param {Map<string, T>} elements
 * @param {string[]} keys
 * @param {(key: string) => T} make
 */
function keep(elements, keys, make) {
  for (const [key, gone] of elements) {
    if (keys.includes(key)) continue;
    gone.remove();
    elements.delete(key);
  }
  for (const key of keys) if (!elements.has(key)) elements.set(key, make(key));
}

/**
 * @param {HTMLElement} part
 * @param {Box} box
 * @param {number} scale
 * @param {boolean} sized  whether it covers the box, rather than lying at its corner
 */
function place(part, box, scale, sized) {
  const [x, y, width, height] = scaled(box, scale);
  const down = sized ? y : y + height;
  part.style.transform = `translate(${x.toFixed(1)}px, ${down.toFixed(1)}px)`;
  if (!sized) return;
  part.style.width = `${width.toFixed(1)}px`;
  part.style.height = `${height.toFixed(1)}px`;
}

/**
 * Darken what no chosen shot shows.
 * @param {CanvasRenderingContext2D} paper
 * @param {{box: Box}[]} crops
 * @param {number} width
 * @param {number} height
 */
function shade(paper, crops, width, height) {
  paper.fillStyle = SHADE;
  paper.fillRect(0, 0, width, height);
  for (const { box } of crops) paper.clearRect(...box);
}

/**
 * @param {CanvasRenderingContext2D} paper
 * @param {Box} box
 * @param {string} color
 * @param {number} width
 * @param {number[]} dashes
 */
function outline(paper, box, color, width, dashes) {
  paper.strokeStyle = color;
  paper.lineWidth = width;
  paper.setLineDash(dashes);
  paper.strokeRect(...box);
}
