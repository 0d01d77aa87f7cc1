/** The picture's own controls: sound, size, delay, fit, windows, snapshot; and what covers it. */

import { byId, element, icon, say } from "../dom.js";
import { text } from "../messages.js";
import { toast } from "../notices.js";

/** @typedef {keyof typeof import("../icons.js").ICONS} IconName */

const stage = byId("stage");
const video = /** @type {HTMLVideoElement} */ (byId("video"));

/**
 * @typedef {"joining" | "live" | "still" | "waiting" | "plain"} Phase
 */

export class Stage {
  /** Whoever watches wants to hear, or not. @type {(wanted: boolean) => void} */
  onsound = () => {};
  /** @type {(fill: boolean) => void} */
  onfill = () => {};
  /** @type {Record<string, HTMLButtonElement>} */
  #buttons = {};
  #shot;

  /** @param {string} shot */
  constructor(shot) {
    this.#shot = shot;
    const bar = byId("controls");
    bar.append(
      this.#button("sound", "unmute", () => this.onsound(video.muted)),
      element("span", { className: "gap" }),
      this.#button("quality", "quality", () => {}),
      this.#button("fill", "fill", () => this.onfill(!stage.hasAttribute("data-fill"))),
      this.#button("pip", "pip", togglePictureInPicture),
      this.#button("snapshot", "snapshot", () => this.snapshot()),
      this.#button("fullscreen", "fullscreen", toggleFullscreen),
    );
    this.#buttons.quality.setAttribute("popovertarget", "picture-menu");
    byId("picture-menu").addEventListener("beforetoggle", () => this.#placeMenu());
    byId("play").append(icon("play"));
    byId("player").addEventListener("dblclick", toggleFullscreen);
    document.addEventListener("fullscreenchange", () => this.show());
    video.addEventListener("volumechange", () => this.show());
    this.show();
  }

  /** Above its button; on a phone the style sheet makes it a sheet at the bottom. */
  #placeMenu() {
    const button = this.#buttons.quality.getBoundingClientRect();
    const menu = byId("picture-menu").style;
    menu.setProperty("--menu-right", `${Math.max(16, innerWidth - button.right)}px`);
    menu.setProperty("--menu-bottom", `${Math.max(16, innerHeight - button.top + 8)}px`);
  }

  /** @param {Phase} phase */
  enter(phase) {
    stage.dataset.phase = phase;
    byId("video").hidden = phase === "plain";
    byId("plain").hidden = phase !== "plain";
    if (phase !== "waiting") byId("notice").hidden = true;
    this.show();
  }

  get phase() {
    return /** @type {Phase} */ (stage.dataset.phase);
  }

  /** Bring names and icons up to date; the language may have changed. */
  show() {
    const full = document.fullscreenElement === stage || stage.classList.contains("filling");
    const fill = stage.hasAttribute("data-fill");
    this.#face("sound", video.muted ? "mute" : "unmute", video.muted ? "unmute" : "mute");
    this.#face("quality", "quality", "quality");
    this.#face("fill", fill ? "fit" : "fill", fill ? "fit" : "fill");
    this.#face("pip", "pip", "pip");
    this.#face("snapshot", "snapshot", "snapshot");
    this.#face("fullscreen", full ? "exit_fullscreen" : "fullscreen", full ? "exitFullscreen" : "fullscreen");
    const plain = stage.dataset.phase === "plain";
    this.#buttons.pip.hidden = plain || !document.pictureInPictureEnabled;
    this.#buttons.quality.hidden = plain || !("popover" in HTMLElement.prototype);
  }

  /**
   * @param {boolean} can  whether there is any sound
   */
  allowSound(can) {
    this.#buttons.sound.hidden = !can;
  }

  /** @param {boolean} fill  whether the picture fills the frame */
  fill(fill) {
    stage.toggleAttribute("data-fill", fill);
    this.show();
  }

  /**
   * A few words in the corner of the picture.
   * @param {string} words
   */
  chip(words) {
    say(byId("chip-text"), words);
    byId("chip").hidden = words === "";
  }

  /**
   * Cover the picture with a reason.
   * @param {string} title
   * @param {string} reason
   * @param {string} next
   */
  notice(title, reason, next) {
    byId("notice").hidden = false;
    say(byId("notice-title"), title);
    say(byId("notice-text"), reason);
    say(byId("notice-next"), next);
  }

  /**
   * What happens next, on the cover.
   * @param {string} words
   */
  next(words) {
    say(byId("notice-next"), words);
  }

  /** Save the picture that is on the screen, in the size it came in. */
  async snapshot() {
    const picture = stage.dataset.phase === "plain" ? byId("plain").querySelector("img") : video;
    const [width, height] = picture instanceof HTMLVideoElement
      ? [picture.videoWidth, picture.videoHeight]
      : [picture?.naturalWidth ?? 0, picture?.naturalHeight ?? 0];
    if (!picture || !width) return toast(text("notSaved", { reason: text("thumbnailNone") }), "bad");
    const paper = element("canvas", { width, height });
    paper.getContext("2d")?.drawImage(picture, 0, 0);
    const blob = await new Promise((/** @type {BlobCallback} */ done) => paper.toBlob(done, "image/png"));
    if (!blob) return toast(text("notSaved", { reason: text("unknownReason") }), "bad");
    const link = element("a", { href: URL.createObjectURL(blob) });
    link.download = `livetrack-${this.#shot}-${new Date().toISOString().slice(0, 19).replaceAll(":", "")}.png`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    toast(text("saved"));
  }

  /**
   * @param {string} id
   * @param {IconName} picture
   * @param {() => unknown} does
   */
  #button(id, picture, does) {
    const button = element("button", { type: "button", id, className: "icon-button" });
    button.append(icon(picture));
    button.addEventListener("click", does);
    this.#buttons[id] = button;
    return button;
  }

  /**
   * @param {string} id
   * @param {IconName} picture
   * @param {string} words  message
   */
  #face(id, picture, words) {
    const button = this.#buttons[id];
    if (button.dataset.face !== picture) button.replaceChildren(icon(picture));
    button.dataset.face = picture;
    button.ariaLabel = button.title = text(words);
  }
}

/** Phones of one maker give full screen to videos only: there the picture fills the page. */
export async function toggleFullscreen() {
  if (document.fullscreenElement) return document.exitFullscreen();
  if (stage.requestFullscreen) return stage.requestFullscreen();
  stage.classList.toggle("filling");
}

export async function togglePictureInPicture() {
  if (!document.pictureInPictureEnabled || stage.dataset.phase === "plain") return;
  try {
    if (document.pictureInPictureElement) await document.exitPictureInPicture();
    else await video.requestPictureInPicture();
  } catch {
    // Before the first picture there is nothing to put into a window.
    toast(text("thumbnailNone"), "bad");
  }
}
