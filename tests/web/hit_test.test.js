import assert from "node:assert/strict";
import { test } from "node:test";

import { adjusted, boxBetween, toSource, trackAt } from "../../web_viewer/assets/control/hit_test.js";

const SOURCE = { width: 1280, height: 720 };
const NEAR = { id: 1, box: [400, 100, 500, 600] };
const FAR = { id: 2, box: [500, 300, 100, 200] };
const ASIDE = { id: 3, box: [1000, 300, 100, 200] };
const CROWD = [NEAR, FAR, ASIDE];

test("the smallest of the boxes that contain the point is meant, in whatever order they come", () => {
  for (const tracks of [CROWD, [...CROWD].reverse()]) {
    assert.equal(trackAt(tracks, { x: 550, y: 400 }), FAR);
    assert.equal(trackAt(tracks, { x: 450, y: 400 }), NEAR);
    assert.equal(trackAt(tracks, { x: 1050, y: 400 }), ASIDE);
  }
});

test("edges belong to the box, and past them is nobody", () => {
  for (const x of [1000, 1100]) assert.equal(trackAt(CROWD, { x, y: 300 }), ASIDE);
  for (const x of [999.9, 1100.1]) assert.equal(trackAt(CROWD, { x, y: 300 }), null);
  assert.equal(trackAt([], { x: 1, y: 1 }), null);
});

test("a thumb may miss by its width, but never takes somebody else for the one it is on", () => {
  assert.equal(trackAt(CROWD, { x: 1110, y: 400 }, 20), ASIDE);
  assert.equal(trackAt(CROWD, { x: 1121, y: 400 }, 20), null);
  assert.equal(trackAt(CROWD, { x: 610, y: 400 }, 20), NEAR);
  assert.equal(trackAt(CROWD, { x: 985, y: 400 }, 90), ASIDE, "the nearest of two that are missed");
});

test("a point of the page becomes one of the source", () => {
  const shown = { left: 20, top: 60, width: 640, height: 360 };
  assert.deepEqual(toSource({ x: 20, y: 60 }, shown, SOURCE), { x: 0, y: 0 });
  assert.deepEqual(toSource({ x: 340, y: 240 }, shown, SOURCE), { x: 640, y: 360 });
});

test("a rectangle is the same from whichever corner it is drawn, and stays in the picture", () => {
  const [a, b] = [{ x: 100, y: 500 }, { x: 300, y: 200 }];
  assert.deepEqual(boxBetween(a, b, SOURCE), [100, 200, 200, 300]);
  assert.deepEqual(boxBetween(b, a, SOURCE), [100, 200, 200, 300]);
  assert.deepEqual(boxBetween({ x: -50, y: -50 }, { x: 2000, y: 900 }, SOURCE), [0, 0, 1280, 720]);
});

test("a rectangle moved or sized by keys keeps its shape and stays in the picture", () => {
  const box = [320, 180, 640, 360];
  assert.deepEqual(adjusted(box, { dx: -400 }, SOURCE), [0, 180, 640, 360]);
  assert.deepEqual(adjusted(box, { dy: 400 }, SOURCE), [320, 360, 640, 360]);
  assert.deepEqual(adjusted(box, { grow: 3 }, SOURCE), [0, 0, 1280, 720]);
  assert.deepEqual(adjusted(box, { grow: 0.01 }, SOURCE), [576, 324, 128, 72]);
  assert.deepEqual(adjusted([0, 0, 20, 20], { grow: 0.5 }, SOURCE), [0, 0, 20, 20]);
});

test("random points never get a box that does not contain them while another does", () => {
  let seed = 7;
  const next = (most) => (seed = (seed * 48271) % 2147483647) % most;
  for (let round = 0; round < 2000; round++) {
    const tracks = Array.from({ length: 6 }, (_, id) => ({
      id, box: [next(1000), next(500), 10 + next(300), 10 + next(300)],
    }));
    const point = { x: next(1280), y: next(720) };
    const holding = tracks.filter(({ box: [x, y, w, h] }) =>
      point.x >= x && point.x <= x + w && point.y >= y && point.y <= y + h);
    const areas = holding.map(({ box }) => box[2] * box[3]);
    const found = trackAt(tracks, point, next(2) * 30);
    if (holding.length) assert.equal(found.box[2] * found.box[3], Math.min(...areas));
  }
});
