/** Elements, made and found. */

import { text } from "./messages.js";
import { ICONS } from "./icons.js";

/**
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} id
 */
export const byId = (id) => /** @type {T} */ (document.getElementById(id));

/**
 * A new element. Properties are set as given; `data` goes to data-*, `aria` to aria-*.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {{data?: Record<string, string>, aria?: Record<string, string>, [name: string]: unknown}} [properties]
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function element(tag, { data = {}, aria = {}, ...properties } = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  Object.assign(made.dataset, data);
  for (const [name, value] of Object.entries(aria)) made.setAttribute(`aria-${name}`, value);
  made.append(...children);
  return made;
}

/**
 * An element whose words follow the language.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {string} key  of the message
 * @param {Record<string, unknown>} [properties]
 */
export function worded(tag, key, properties = {}) {
  return element(tag, { ...properties, data: { text: key } }, text(key));
}

const SVG = "http://www.w3.org/2000/svg";

/** @param {keyof typeof ICONS} name */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "icon");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/**
 * Change words only when they differ: screen readers read whatever is set.
 * @param {Element} where
 * @param {string} words
 */
export function say(where, words) {
  if (where.textContent !== words) where.textContent = words;
}

/**
 * @param {number | null | undefined} value
 * @param {number} digits
 */
export function number(value, digits) {
  return value === null || value === undefined ? "–" : value.toFixed(digits);
}
