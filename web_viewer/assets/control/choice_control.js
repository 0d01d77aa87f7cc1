/** A setting chosen from a few: radio buttons side by side, and perhaps a field for another value. */

import { element, worded } from "../dom.js";
import { text } from "../messages.js";
import { pictureOf } from "./pictograms.js";

/** @typedef {import("./desk.js").Desk} Desk */

/**
 * @typedef {object} FreeText
 * @property {string} hint    shown in the empty field
 * @property {string} label   message
 * @property {string} prefix  goes before what is typed
 */

export class ChoiceControl {
  #desk;
  #name;
  #mixed = element("span", { className: "mixed" });
  /** @type {HTMLInputElement[]} */
  #radios = [];
  /** @type {HTMLInputElement | null} */
  #field = null;
  #free;

  /**
   * @param {Desk} desk
   * @param {string} name  of the setting
   * @param {FreeText | null} free
   */
  constructor(desk, name, free) {
    this.#desk = desk;
    this.#name = name;
    this.#free = free;
    const legend = element("legend", {}, worded("span", `field_${name}`), " ", this.#mixed);
    const choices = element("div", { className: "segments", data: { field: name } });
    choices.append(...desk.choicesOf(name).map((value) => this.#choice(value)));
    this.root = element("fieldset", { className: "field" }, legend, choices);
    if (free) this.root.append(this.#form(free));
  }

  show() {
    const value = this.#desk.valueOf(this.#name);
    for (const radio of this.#radios) {
      const checked = radio.value === value;
      if (radio.checked !== checked) radio.checked = checked;
    }
    const mixed = this.#desk.isMixed(this.#name) ? text("mixed") : "";
    if (this.#mixed.textContent !== mixed) this.#mixed.textContent = mixed;
    this.#showFree(typeof value === "string" ? value : "");
  }

  /** @param {string} value */
  #showFree(value) {
    if (!this.#free || !this.#field || document.activeElement === this.#field) return;
    const listed = this.#radios.some((radio) => radio.value === value);
    const { prefix } = this.#free;
    const shown = listed || !value.startsWith(prefix) ? "" : value.slice(prefix.length);
    if (this.#field.value !== shown) this.#field.value = shown;
    this.#field.toggleAttribute("data-used", shown !== "");
  }

  /** @param {string} value */
  #choice(value) {
    const radio = element("input", {
      type: "radio", name: `set-${this.#name}`, value, className: "visually-hidden",
    });
    radio.addEventListener("change", () => this.#desk.set(this.#name, value));
    this.#radios.push(radio);
    const picture = pictureOf(this.#name, value);
    const words = isRatio(value) ? element("span", {}, value) : worded("span", `${this.#name}_${value}`);
    return element("label", { className: "segment" }, radio, ...(picture ? [picture] : []), words);
  }

  /** @param {FreeText} free */
  #form({ hint, label, prefix }) {
    const id = `free-${this.#name}`;
    this.#field = element("input", {
      type: "text", id, placeholder: hint, autocomplete: "off", spellcheck: false, maxLength: 40,
    });
    const button = worded("button", "use", { type: "submit", className: "small-button" });
    const form = element("form", { className: "free" });
    form.append(worded("label", label, { htmlFor: id }), this.#field, button);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const typed = this.#field?.value.trim() ?? "";
      if (typed) this.#desk.set(this.#name, prefix + typed);
      button.focus();
    });
    return form;
  }
}

/** @param {string} value */
function isRatio(value) {
  return /^\d+:\d+$/.test(value);
}
