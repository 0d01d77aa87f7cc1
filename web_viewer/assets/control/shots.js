/** The shots side by side: what each shows, and which one commands go to. */

import { element, icon, number, say, worded } from "../dom.js";
import { text } from "../messages.js";
import { MjpegPlayer } from "../mjpeg_player.js";
import { subjectName } from "./desk.js";
import { shotColor } from "./overlay.js";

/** @typedef {import("./types.js").Box} Box */
/** @typedef {import("./types.js").Shot} Shot */
/** @typedef {import("./types.js").Status} Status */

// A browser opens six connections to a server: events, preview and commands need three.
const MOST_LIVE = 3;

/**
 * @typedef {object} Card
 * @property {HTMLElement} root
 * @property {HTMLInputElement} choice
 * @property {HTMLCanvasElement} monitor
 * @property {HTMLElement} state
 * @property {HTMLElement} who
 * @property {HTMLElement} details
 * @property {HTMLButtonElement} live
 * @property {MjpegPlayer | null} player
 */

export class Shots {
  /** Called with the shot that was chosen; null: every shot. @type {(shot: string | null) => void} */
  onchoose = () => {};
  #root;
  /** @type {Map<string, Card>} */
  #cards = new Map();
  /** @type {HTMLInputElement | null} */
  #every = null;
  #hidden = false;

  /** @param {HTMLElement} root */
  constructor(root) {
    this.#root = root;
  }

  /**
   * @param {Status} status
   * @param {string | null} target
   */
  show(status, target) {
    const names = status.shots.map((shot) => shot.name);
    if (names.join("\n") !== [...this.#cards.keys()].join("\n")) this.#build(status.shots);
    if (this.#every) this.#every.checked = target === null;
    for (const shot of status.shots) {
      const card = /** @type {Card} */ (this.#cards.get(shot.name));
      card.choice.checked = target === shot.name;
      describe(card, shot, status);
    }
  }

  /** @param {boolean} hidden  nobody looks: no picture is asked for */
  hide(hidden) {
    this.#hidden = hidden;
    for (const { player } of this.#cards.values()) hidden ? player?.stop() : player?.start();
  }

  /**
   * Draw what each shot shows, cut from the preview: it costs the program nothing.
   * @param {HTMLImageElement} preview
   * @param {Status} status
   * @param {(shot: string) => Box | null} cropOf
   */
  draw(preview, status, cropOf) {
    for (const shot of status.shots) {
      const card = this.#cards.get(shot.name);
      const crop = cropOf(shot.name);
      if (!card || card.player || !crop || !preview.naturalWidth || !preview.hasAttribute("src")) continue;
      cut(card.monitor, preview, crop, shot, preview.naturalWidth / status.source.width);
    }
  }

  /** @param {Shot[]} shots */
  #build(shots) {
    for (const { player } of this.#cards.values()) player?.stop();
    const several = shots.length > 1;
    this.#cards = new Map(shots.map((shot, index) => [shot.name, this.#card(shot, index)]));
    this.#root.replaceChildren(...(several ? [this.#everyShot()] : []));
    this.#root.append(...[...this.#cards.values()].map(({ root }) => root));
    this.#root.toggleAttribute("data-several", several);
  }

  #everyShot() {
    this.#every = element("input", { type: "radio", name: "target", className: "visually-hidden" });
    this.#every.addEventListener("change", () => this.onchoose(null));
    return element("label", { className: "every" }, this.#every, worded("span", "everyShot"));
  }

  /**
   * @param {Shot} shot
   * @param {number} index
   * @returns {Card}
   */
  #card(shot, index) {
    const { name } = shot;
    const choice = element("input", { type: "radio", name: "target", className: "visually-hidden" });
    choice.addEventListener("change", () => this.onchoose(name));
    const monitor = element("canvas", { width: 1, height: 1 });
    const screen = element("span", { className: "monitor" }, monitor);
    const state = element("span", { className: "state" });
    const title = element("span", { className: "shot-name" }, name);
    const head = element("span", { className: "shot-head" }, title, state);
    const label = element("label", { className: "shot-label" }, choice, screen, head);
    const details = element("p", { className: "shot-details" });
    const live = element("button", { type: "button", className: "small-button", ariaPressed: "false" });
    live.append(icon("live"), worded("span", "liveOutput"));
    live.title = text("liveOutput");
    const room = element("a", { className: "small-button", href: `/room/${encodeURIComponent(name)}` });
    room.append(icon("open"), worded("span", "room"));
    room.title = text("room");
    const who = element("p", { className: "shot-who" }, icon("locked"), element("span"));
    const foot = element("div", { className: "shot-foot" }, who, details, live, room);
    const root = element("div", { className: "shot" }, label, foot);
    root.style.setProperty("--color", shotColor(index));
    /** @type {Card} */
    const card = { root, choice, monitor, state, who, details, live, player: null };
    live.addEventListener("click", () => this.#toggleLive(card, name));
    return card;
  }

  /**
   * Show the very pictures that go out, or stop asking for them.
   * @param {Card} card
   * @param {string} shot
   */
  #toggleLive(card, shot) {
    const players = [...this.#cards.values()].filter(({ player }) => player).length;
    card.player?.stop();
    card.player?.element.remove();
    if (card.player || players >= MOST_LIVE) {
      card.player = null;
    } else {
      const url = `/stream/${encodeURIComponent(shot)}.mjpg`;
      card.player = new MjpegPlayer(url, text("pictureOf", { shot }));
      card.player.onfailure = () => card.player && this.#toggleLive(card, shot);
      card.monitor.after(card.player.element);
      if (!this.#hidden) card.player.start();
    }
    card.live.ariaPressed = String(card.player !== null);
    card.monitor.hidden = card.player !== null;
  }
}

/**
 * @param {Card} card
 * @param {Shot} shot
 * @param {Status} status
 */
function describe(card, shot, status) {
  const who = subjectName(shot, status.tracks);
  say(card.state, text(`state_${shot.state}`));
  card.state.dataset.state = shot.state;
  const preset = shot.preset ? ` · ${shot.preset}` : "";
  say(card.details, `${shot.aspect} · ×${number(shot.zoom, 2)}${preset}`);
  say(/** @type {Element} */ (card.who.lastElementChild), who);
  card.who.toggleAttribute("data-locked", Boolean(shot.locked));
}

/**
 * @param {HTMLCanvasElement} monitor
 * @param {HTMLImageElement} preview
 * @param {Box} crop
 * @param {Shot} shot
 * @param {number} scale  preview pixels in a source pixel
 */
function cut(monitor, preview, [x, y, width, height], shot, scale) {
  const canvas = monitor.parentElement;
  if (!canvas || !canvas.clientWidth) return;
  const aspect = shot.width / shot.height;
  const high = Math.min(canvas.clientHeight, canvas.clientWidth / aspect) * devicePixelRatio;
  const size = { width: Math.round(high * aspect), height: Math.round(high) };
  if (monitor.width !== size.width) monitor.width = size.width;
  if (monitor.height !== size.height) monitor.height = size.height;
  const fit = Math.min(size.width / width, size.height / height);
  const [wide, tall] = [width * fit, height * fit];
  const paper = /** @type {CanvasRenderingContext2D} */ (monitor.getContext("2d"));
  paper.clearRect(0, 0, size.width, size.height);
  paper.drawImage(
    preview, x * scale, y * scale, width * scale, height * scale,
    (size.width - wide) / 2, (size.height - tall) / 2, wide, tall,
  );
}
