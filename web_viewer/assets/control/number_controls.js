/** A setting that is a number, with a slider, and one that is on or off. */

import { element, worded } from "../dom.js";
import { text } from "../messages.js";
import { Latest } from "./api.js";
import { beginning, isOptional } from "./field_schema.js";

/** @typedef {import("./desk.js").Desk} Desk */
/** @typedef {import("./types.js").FieldSchema} FieldSchema */

// Where a slider ends when what is allowed goes far beyond what anybody wants.
const LONGEST_SLIDER = 8;
const STEPS = 100;
// The program's answer comes with the next status: until then the hand on the slider is right.
const SETTLE_MS = 700;

export class RangeControl {
  #desk;
  #name;
  #slider;
  #field;
  #auto;
  #mixed = element("span", { className: "mixed" });
  #latest = new Latest();
  #touched = -SETTLE_MS;

  /**
   * @param {Desk} desk
   * @param {string} name  of the setting
   * @param {FieldSchema} schema
   */
  constructor(desk, name, schema) {
    this.#desk = desk;
    this.#name = name;
    const { minimum: min = 0, maximum = 1 } = schema;
    const max = Math.min(maximum, LONGEST_SLIDER);
    const step = max - min > 2 ? 0.1 : (max - min) / STEPS;
    const id = `set-${name}`;
    const limits = { min: String(min), step: String(step) };
    this.#slider = element("input", { type: "range", ...limits, max: String(max), id });
    this.#field = element("input", {
      type: "number", ...limits, max: String(maximum), step: "any", inputMode: "decimal",
      aria: { labelledby: `${id}-label` },
    });
    this.#slider.value = String(beginning(schema));
    this.#auto = isOptional(schema) ? element("input", { type: "checkbox" }) : null;
    const label = worded("label", `field_${name}`, { htmlFor: id, id: `${id}-label` });
    const head = element("div", { className: "range-head" }, label, this.#mixed);
    if (this.#auto) {
      head.append(element("label", { className: "auto" }, this.#auto, worded("span", "automatic")));
    }
    head.append(this.#field);
    this.root = element("div", { className: "range", data: { field: name } }, head, this.#slider);
    this.#listen();
  }

  #listen() {
    this.#slider.addEventListener("input", () => this.#put(Number(this.#slider.value)));
    this.#field.addEventListener("change", () => {
      if (this.#field.value !== "") this.#put(Number(this.#field.value));
    });
    this.#auto?.addEventListener("change", () => {
      this.#put(this.#auto?.checked ? null : Number(this.#slider.value));
    });
  }

  /** @param {number | null} value */
  #put(value) {
    this.#touched = performance.now();
    this.#paint(value);
    this.#latest.put(() => this.#desk.set(this.#name, value));
  }

  show() {
    const mixed = this.#desk.isMixed(this.#name) ? text("mixed") : "";
    if (this.#mixed.textContent !== mixed) this.#mixed.textContent = mixed;
    if (performance.now() - this.#touched < SETTLE_MS || document.activeElement === this.#field) return;
    const value = this.#desk.valueOf(this.#name) ?? this.#desk.shots[0]?.settings?.[this.#name] ?? null;
    this.#paint(typeof value === "number" ? value : null);
  }

  /** @param {number | null} value */
  #paint(value) {
    const shown = value === null ? "" : String(Number(value.toFixed(3)));
    if (document.activeElement !== this.#field && this.#field.value !== shown) this.#field.value = shown;
    if (value !== null && Number(this.#slider.value) !== value) this.#slider.value = String(value);
    this.#slider.toggleAttribute("data-auto", value === null);
    if (this.#auto && this.#auto.checked !== (value === null)) this.#auto.checked = value === null;
  }
}

export class SwitchControl {
  #desk;
  #name;
  #box = element("input", { type: "checkbox", role: "switch" });

  /**
   * @param {Desk} desk
   * @param {string} name  of the setting
   */
  constructor(desk, name) {
    this.#desk = desk;
    this.#name = name;
    this.#box.addEventListener("change", () => this.#desk.set(name, this.#box.checked));
    const words = worded("span", `field_${name}`);
    this.root = element("label", { className: "switch", data: { field: name } }, words, this.#box);
  }

  show() {
    this.#box.indeterminate = this.#desk.isMixed(this.#name);
    const on = this.#desk.valueOf(this.#name) === true;
    if (this.#box.checked !== on) this.#box.checked = on;
  }
}
