/** What lies under the pointer. Pure: numbers in, numbers out. */

/** @typedef {import("./types.js").Box} Box */
/** @typedef {{x: number, y: number}} Point */
/** @typedef {{width: number, height: number}} Size */

/**
 * A point of the page in source pixels.
 * @param {Point} point
 * @param {{left: number, top: number, width: number, height: number}} shown  where the picture lies
 * @param {Size} source
 * @returns {Point}
 */
export function toSource(point, shown, source) {
  return {
    x: ((point.x - shown.left) / shown.width) * source.width,
    y: ((point.y - shown.top) / shown.height) * source.height,
  };
}

/**
 * The smallest box that contains the point; if none does, the nearest within `slop`: a thumb is
 * wider than somebody far away. Of boxes alike the first. Null when there is nobody.
 * @template {{box: Box}} T
 * @param {readonly T[]} tracks
 * @param {Point} point
 * @param {number} [slop]  source pixels
 * @returns {T | null}
 */
export function trackAt(tracks, point, slop = 0) {
  const near = tracks
    .map((track) => ({ track, away: distance(track.box, point), area: track.box[2] * track.box[3] }))
    .filter(({ away }) => away <= slop)
    .sort((a, b) => a.away - b.away || a.area - b.area);
  return near[0]?.track ?? null;
}

/**
 * From a box's edge to a point outside; 0 inside and on the edge.
 * @param {Box} box
 * @param {Point} point
 */
function distance([x, y, width, height], point) {
  const across = Math.max(x - point.x, 0, point.x - (x + width));
  const down = Math.max(y - point.y, 0, point.y - (y + height));
  return Math.hypot(across, down);
}

/**
 * The box between two corners, inside the picture.
 * @param {Point} a
 * @param {Point} b
 * @param {Size} source
 * @returns {Box}
 */
export function boxBetween(a, b, source) {
  const within = (/** @type {number} */ value, /** @type {number} */ most) =>
    Math.min(Math.max(value, 0), most);
  const [x1, x2] = [a.x, b.x].map((x) => within(x, source.width)).sort((p, q) => p - q);
  const [y1, y2] = [a.y, b.y].map((y) => within(y, source.height)).sort((p, q) => p - q);
  return [x1, y1, x2 - x1, y2 - y1];
}

/**
 * A box moved and grown about its center, kept inside the picture and at least a tenth of it.
 * @param {Box} box
 * @param {{dx?: number, dy?: number, grow?: number}} change  source pixels; a factor
 * @param {Size} source
 * @returns {Box}
 */
export function adjusted([x, y, width, height], { dx = 0, dy = 0, grow = 1 }, source) {
  const most = Math.min(source.width / width, source.height / height);
  const least = Math.max((0.1 * source.width) / width, (0.1 * source.height) / height);
  const factor = Math.min(Math.max(grow, Math.min(least, 1)), most);
  const [w, h] = [width * factor, height * factor];
  const left = x + (width - w) / 2 + dx;
  const top = y + (height - h) / 2 + dy;
  return [
    Math.min(Math.max(left, 0), source.width - w),
    Math.min(Math.max(top, 0), source.height - h),
    w,
    h,
  ];
}
