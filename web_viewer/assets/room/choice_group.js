/** One choice of a few, as radio buttons side by side; those that cannot be are gray and say why. */

import { element, say } from "../dom.js";

/**
 * @typedef {object} Option
 * @property {string} value
 * @property {string} label
 * @property {string} [obstacle]  why it cannot be chosen
 */

let groups = 0;

export class ChoiceGroup {
  /** @type {(value: string) => void} */
  onchoose = () => {};
  #name = `choice-${++groups}`;
  #legend = element("legend");
  #choices = element("div", { className: "segments" });
  #note = element("p", { className: "note" });
  #shown = "";

  /** @param {string} id */
  constructor(id) {
    this.#note.id = `${id}-note`;
    this.root = element("fieldset", { className: "field", id, aria: { describedby: this.#note.id } });
    this.root.append(this.#legend, this.#choices, this.#note);
  }

  /**
   * @param {string} legend
   * @param {Option[]} options
   * @param {string} chosen
   * @param {string} note  what the chosen one means
   */
  show(legend, options, chosen, note) {
    say(this.#legend, legend);
    const obstacles = [...new Set(options.flatMap(({ obstacle }) => obstacle || []))];
    say(this.#note, [note, ...obstacles].filter(Boolean).join(" "));
    const state = JSON.stringify(options);
    if (state !== this.#shown) {
      this.#shown = state;
      this.#choices.replaceChildren(...options.map((option) => this.#choice(option)));
    }
    for (const radio of this.#choices.querySelectorAll("input")) radio.checked = radio.value === chosen;
  }

  /** @param {Option} option */
  #choice({ value, label, obstacle = "" }) {
    const radio = element("input", {
      type: "radio", name: this.#name, value, disabled: obstacle !== "", className: "visually-hidden",
    });
    radio.addEventListener("change", () => this.onchoose(value));
    return element("label", { className: "segment", title: obstacle }, radio, element("span", {}, label));
  }
}
