/** Small pictures for choices that words tell badly: shot sizes and picture shapes. */

const SVG = "http://www.w3.org/2000/svg";
const FRAME = { width: 28, height: 20 };
// Where the figure stands in the frame: how many times its drawn size, and its head's center.
/** @type {Record<string, [scale: number, top: number]>} */
const FIGURES = {
  auto: [0.86, 4.6], face: [3.6, 9], head: [2.3, 8], upper: [1.4, 6.5], full: [0.72, 4.6], wide: [0.42, 9.5],
};

/**
 * @param {string} field
 * @param {string} value
 * @returns {SVGSVGElement | null}
 */
export function pictureOf(field, value) {
  if (field === "shot" && value in FIGURES) return shotPicture(value);
  const sides = value.split(":").map(Number);
  return field === "aspect" && sides.length === 2 ? shapePicture(sides[0] / sides[1]) : null;
}

/** @param {string} value */
function shotPicture(value) {
  const [scale, top] = FIGURES[value];
  const { width, height } = FRAME;
  const svg = drawing();
  const figure = part("g", { transform: `translate(${width / 2} ${top}) scale(${scale})`, class: "figure" });
  figure.append(
    part("circle", { r: "2.4" }),
    part("path", { d: "M-4.200 10.500v-3.300a4.200 4.200 0 0 1 8.400 0v3.300h-1.800v6.500h-4.800v-6.500z" }),
  );
  const corners = value === "auto" ? "M1 6V3a2 2 0 0 1 2-2h3M22 1h3a2 2 0 0 1 2 2v3M27 14v3a2 2 0 0 1-2 2h-3M6 19H3a2 2 0 0 1-2-2v-3" : "";
  const frame = corners
    ? part("path", { d: corners, class: "frame" })
    : part("rect", { x: "1", y: "1", width: `${width - 2}`, height: `${height - 2}`, rx: "2.5", class: "frame" });
  const inside = part("svg", { x: "1.5", y: "1.5", width: `${width - 3}`, height: `${height - 3}`, viewBox: `1.5 1.5 ${width - 3} ${height - 3}` });
  inside.append(figure);
  svg.append(inside, frame);
  return svg;
}

/** @param {number} ratio */
function shapePicture(ratio) {
  const height = Math.min(16, 22 / ratio);
  const width = height * ratio;
  const svg = drawing();
  svg.append(
    part("rect", {
      x: `${(FRAME.width - width) / 2}`, y: `${(FRAME.height - height) / 2}`,
      width: `${width}`, height: `${height}`, rx: "2", class: "frame",
    }),
  );
  return svg;
}

function drawing() {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${FRAME.width} ${FRAME.height}`);
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "pictogram");
  return svg;
}

/**
 * @param {string} name
 * @param {Record<string, string>} attributes
 */
function part(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
