/** How the shots are framed: one control for each setting the program describes. */

import { byId } from "../dom.js";
import { text } from "../messages.js";
import { ChoiceControl } from "./choice_control.js";
import { kindOf } from "./field_schema.js";
import { SwitchControl, RangeControl } from "./number_controls.js";

/** @typedef {import("./desk.js").Desk} Desk */
/** @typedef {import("./types.js").FieldSchema} FieldSchema */

/**
 * One setting on the page.
 * @typedef {object} Control
 * @property {HTMLElement} root
 * @property {() => void} show  take over what the program says
 */

/** The settings that are changed often, in this order; all others are under "Advanced". */
const FIRST = ["speed", "shot", "subject", "aspect", "fill", "when_lost"];

export class SettingsPanel {
  #desk;
  /** @type {Control[]} */
  #controls = [];

  /** @param {Desk} desk */
  constructor(desk) {
    this.#desk = desk;
  }

  /** Make the controls that `desk.fields` asks for. */
  build() {
    const { fields } = this.#desk;
    const names = Object.keys(fields);
    const first = FIRST.filter((name) => name in fields);
    const rest = names.filter((name) => !FIRST.includes(name));
    const [above, below] = [first, rest].map((group) => group.map((name) => this.#control(name)));
    byId("framing").replaceChildren(...above.map(({ root }) => root));
    byId("advanced").replaceChildren(...below.map(({ root }) => root));
    byId("advanced-group").hidden = below.length === 0;
    this.#controls = [...above, ...below];
  }

  show() {
    for (const control of this.#controls) control.show();
  }

  /**
   * @param {string} name
   * @returns {Control}
   */
  #control(name) {
    const schema = this.#desk.fields[name];
    const kind = kindOf(schema);
    if (kind === "switch") return new SwitchControl(this.#desk, name);
    if (kind === "number") return new RangeControl(this.#desk, name, schema);
    return new ChoiceControl(this.#desk, name, kind === "text" ? freeText(name) : null);
  }
}

/**
 * How a setting that is not chosen from a list is typed.
 * @param {string} name
 * @returns {import("./choice_control.js").FreeText}
 */
function freeText(name) {
  if (name !== "subject") return { hint: name === "aspect" ? "21:9" : "", label: "otherValue", prefix: "" };
  return { hint: text("labelHint"), label: "onlyLabel", prefix: "label:" };
}
