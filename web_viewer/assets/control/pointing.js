/** Pointer and keys on the preview: click somebody, click nobody, draw a rectangle. */

import { adjusted, boxBetween, toSource, trackAt } from "./hit_test.js";

/** @typedef {import("./types.js").Box} Box */
/** @typedef {import("./types.js").Track} Track */
/** @typedef {import("./hit_test.js").Point} Point */

const DRAG_PX = 8;
const THUMB_PX = 22;
const STEP = 0.02;
const GROWTH = 1.08;

/** @type {Record<string, [dx: number, dy: number]>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/**
 * What the preview tells the page.
 * @typedef {object} Pointed
 * @property {() => readonly Track[]} tracks  with the boxes drawn at this moment
 * @property {() => {width: number, height: number} | null} source
 * @property {() => boolean} ready
 * @property {(id: number) => void} onfollow
 * @property {() => void} onrelease
 * @property {(box: Box) => void} onhome
 * @property {(id: number | null) => void} onpoint
 * @property {(box: Box | null) => void} ondraft
 * @property {(drawing: boolean) => void} ondrawing
 */

export class Pointing {
  #stage;
  #page;
  /** @type {{point: Point, track: Track | null, at: Point} | null} */
  #press = null;
  /** @type {Box | null} */
  #draft = null;
  #drawing = false;

  /**
   * @param {HTMLElement} stage
   * @param {Pointed} page
   */
  constructor(stage, page) {
    this.#stage = stage;
    this.#page = page;
    stage.addEventListener("pointerdown", (event) => this.#down(event));
    stage.addEventListener("pointermove", (event) => this.#move(event));
    stage.addEventListener("pointerup", (event) => this.#up(event));
    stage.addEventListener("pointercancel", () => this.#forget());
    stage.addEventListener("pointerleave", () => page.onpoint(null));
    // Browsers would carry the picture away.
    stage.addEventListener("dragstart", (event) => event.preventDefault());
    stage.addEventListener("keydown", (event) => this.#key(event));
  }

  get drawing() {
    return this.#drawing;
  }

  /**
   * Draw a home framing: by mouse, by finger, or by keys from the rectangle it begins with.
   * @param {boolean} on
   */
  draw(on) {
    this.#drawing = on;
    const source = this.#page.source();
    this.#stage.toggleAttribute("data-drawing", on);
    this.#show(on && source ? middle(source) : null);
    if (on) this.#stage.focus();
    this.#page.ondrawing(on);
  }

  /** @param {PointerEvent} event */
  #down(event) {
    const point = this.#point(event);
    if (!point || event.button !== 0 || !event.isPrimary || !this.#page.ready()) return;
    this.#press = { point, track: this.#under(event, point), at: { x: event.clientX, y: event.clientY } };
    if (event.pointerType === "mouse" || this.#drawing) this.#stage.setPointerCapture(event.pointerId);
  }

  /** @param {PointerEvent} event */
  #move(event) {
    const point = this.#point(event);
    const source = this.#page.source();
    if (!point || !source || !this.#page.ready()) return;
    if (!this.#press) return this.#page.onpoint(this.#under(event, point)?.id ?? null);
    if (!this.#isDrag(event)) return;
    this.#show(boxBetween(this.#press.point, point, source));
  }

  /** @param {PointerEvent} event */
  #up(event) {
    const press = this.#press;
    if (!press) return;
    const dragged = this.#isDrag(event);
    const draft = this.#draft;
    this.#press = null;
    if (dragged && draft) return this.#finish(draft);
    if (this.#drawing) return;
    // Whoever was under the pointer when it was pressed is meant: people walk on.
    if (press.track) this.#page.onfollow(press.track.id);
    else this.#page.onrelease();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const source = this.#page.source();
    if (!this.#drawing || !this.#draft || !source) return;
    const arrow = ARROWS[event.key];
    if (arrow) {
      const [dx, dy] = arrow.map((way) => way * STEP * source.width);
      this.#show(adjusted(this.#draft, { dx, dy }, source));
    } else if (event.key === "+" || event.key === "=") {
      this.#show(adjusted(this.#draft, { grow: GROWTH }, source));
    } else if (event.key === "-") {
      this.#show(adjusted(this.#draft, { grow: 1 / GROWTH }, source));
    } else if (event.key === "Enter") {
      this.#finish(this.#draft);
    } else if (event.key === "Escape") {
      this.draw(false);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {Box} box */
  #finish(box) {
    this.draw(false);
    if (box[2] > 0 && box[3] > 0) this.#page.onhome(box);
  }

  #forget() {
    this.#press = null;
    if (!this.#drawing) this.#show(null);
  }

  /** @param {Box | null} box */
  #show(box) {
    this.#draft = box;
    this.#page.ondraft(box);
  }

  /** @param {PointerEvent} event */
  #isDrag(event) {
    if (!this.#press || (event.pointerType !== "mouse" && !this.#drawing)) return false;
    const { x, y } = this.#press.at;
    return Math.hypot(event.clientX - x, event.clientY - y) > DRAG_PX;
  }

  /** @param {PointerEvent} event */
  #point(event) {
    const source = this.#page.source();
    const shown = this.#stage.getBoundingClientRect();
    return source ? toSource({ x: event.clientX, y: event.clientY }, shown, source) : null;
  }

  /**
   * @param {PointerEvent} event
   * @param {Point} point
   */
  #under(event, point) {
    const width = this.#page.source()?.width ?? 0;
    const slop = event.pointerType === "touch" ? (THUMB_PX * width) / this.#stage.clientWidth : 0;
    return trackAt(this.#page.tracks(), point, slop);
  }
}

/**
 * @param {{width: number, height: number}} source
 * @returns {Box}
 */
function middle({ width, height }) {
  return [width / 4, height / 4, width / 2, height / 2];
}
