/** Saved settings: load, delete, save under a name, and which scene of OBS takes which. */

import { byId, element, icon, worded } from "../dom.js";
import { text } from "../messages.js";

/** @typedef {import("./desk.js").Desk} Desk */

const SURE_MS = 4000;

export class Presets {
  #desk;
  #shown = "";

  /** @param {Desk} desk */
  constructor(desk) {
    this.#desk = desk;
    byId("save-preset").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#save();
    });
  }

  show() {
    const status = this.#desk.status;
    const presets = status?.presets ?? [];
    // OBS's present scene can be given a preset, whether it has one or not.
    const now = status?.obs?.scene;
    const scenes = { ...(now ? { [now]: "" } : {}), ...status?.scenes };
    const loaded = new Set(this.#desk.shots.map((shot) => shot.preset ?? ""));
    const current = loaded.size === 1 ? [...loaded][0] : "";
    const state = JSON.stringify([presets, scenes, current, document.documentElement.lang]);
    if (state === this.#shown) return;
    /** @type {HTMLInputElement} */ (byId("preset-name")).placeholder = text("presetName");
    this.#shown = state;
    const focused = document.activeElement?.getAttribute("data-keep");
    byId("presets").replaceChildren(...presets.map((name) => this.#row(name, name === current)));
    byId("no-presets").hidden = presets.length > 0;
    this.#showScenes(Object.entries(scenes), presets);
    if (focused) this.#focus(focused);
  }

  /** The lists are made anew, and whoever walks through them by keyboard stays where he was. */
  #focus(/** @type {string} */ key) {
    const same = [...document.querySelectorAll("[data-keep]")].find(
      (candidate) => candidate.getAttribute("data-keep") === key,
    );
    /** @type {HTMLElement} */ (same ?? byId("preset-name")).focus();
  }

  /**
   * The preset at a place in the list, from 0.
   * @param {number} index
   */
  load(index) {
    const name = this.#desk.status?.presets?.[index];
    if (name !== undefined) this.#desk.run({ command: "load_preset", preset: name });
  }

  async #save() {
    const field = /** @type {HTMLInputElement} */ (byId("preset-name"));
    const name = field.value.trim();
    if (!name) return field.focus();
    if (await this.#desk.run({ command: "save_preset", preset: name }, null)) field.value = "";
  }

  /**
   * @param {string} name
   * @param {boolean} current
   */
  #row(name, current) {
    const load = element("button", { type: "button", className: "preset", data: { keep: `load ${name}` } });
    load.append(icon("load"), element("span", { className: "preset-name" }, name));
    load.ariaLabel = text("loadPreset", { preset: name });
    load.ariaPressed = String(current);
    load.addEventListener("click", () => this.#desk.run({ command: "load_preset", preset: name }));
    return element("li", {}, load, this.#remover(name));
  }

  /** @param {string} name */
  #remover(name) {
    const button = element("button", {
      type: "button", className: "small-button remove", data: { keep: `remove ${name}` },
      ariaLabel: text("deletePreset", { preset: name }),
    });
    button.append(icon("remove"));
    button.addEventListener("click", () => {
      if (button.hasAttribute("data-sure")) {
        this.#desk.run({ command: "delete_preset", preset: name }, null);
        return;
      }
      button.toggleAttribute("data-sure", true);
      button.append(worded("span", "really"));
      button.ariaLabel = text("reallyDelete", { preset: name });
      setTimeout(() => {
        button.removeAttribute("data-sure");
        button.lastElementChild?.remove();
        button.ariaLabel = text("deletePreset", { preset: name });
      }, SURE_MS);
    });
    return button;
  }

  /**
   * @param {[scene: string, preset: string][]} scenes
   * @param {string[]} presets
   */
  #showScenes(scenes, presets) {
    byId("scenes-group").hidden = scenes.length === 0;
    byId("scenes").replaceChildren(...scenes.map(([scene, preset]) => this.#scene(scene, preset, presets)));
  }

  /**
   * @param {string} scene
   * @param {string} preset
   * @param {string[]} presets
   */
  #scene(scene, preset, presets) {
    const choice = element("select", { data: { keep: `scene ${scene}` } });
    const names = preset === "" || presets.includes(preset) ? presets : [preset, ...presets];
    choice.append(
      element("option", { value: "" }, text("noPreset")),
      ...names.map((name) => element("option", { value: name }, name)),
    );
    choice.value = preset;
    choice.addEventListener("change", () =>
      this.#desk.run({ command: "assign_scene", scene, preset: choice.value || null }, null),
    );
    return element("li", {}, element("label", {}, element("span", {}, scene), choice));
  }
}
