/** The last minute of a number as a line. Pure. */

export const SAMPLES = 60;

/** The newest values of a number, one a second. */
export class History {
  /** @type {number[]} */
  #values = [];
  #last = -Infinity;

  /**
   * @param {number | null | undefined} value
   * @param {number} now  ms
   */
  add(value, now) {
    if (value === null || value === undefined || now - this.#last < 1000) return;
    this.#last = now;
    this.#values.push(value);
    if (this.#values.length > SAMPLES) this.#values.shift();
  }

  get values() {
    return this.#values;
  }
}

/**
 * An SVG path from left (a minute ago) to right (now); empty for less than two values.
 * @param {readonly number[]} values
 * @param {number} width
 * @param {number} height
 * @param {number} [least]  the top of the picture is never lower than this
 */
export function sparkPath(values, width, height, least = 0) {
  if (values.length < 2) return "";
  const top = Math.max(least, ...values) || 1;
  const step = width / (SAMPLES - 1);
  const begin = width - (values.length - 1) * step;
  const points = values.map((value, index) => {
    const y = height - (Math.max(value, 0) / top) * height;
    return `${(begin + index * step).toFixed(1)} ${y.toFixed(1)}`;
  });
  return `M${points.join("L")}`;
}
