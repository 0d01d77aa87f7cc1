import assert from "node:assert/strict";
import { test } from "node:test";

import { Motion } from "../../web_viewer/assets/control/motion.js";

const at = (x) => [x, 0, 10, 10];
const x = (motion, now) => new Map(motion.at(now)).get("a")[0];

test("a box appears where it is, and then glides from event to event", () => {
  const motion = new Motion();
  motion.observe([["a", at(100)]], 0);
  assert.equal(x(motion, 0), 100);
  motion.observe([["a", at(200)]], 60);
  assert.equal(x(motion, 60), 100);
  assert.equal(x(motion, 90), 150);
  assert.equal(x(motion, 120), 200);
  assert.equal(x(motion, 500), 200, "it never runs ahead of what is known");
});

test("an event that comes early continues from what is drawn", () => {
  const motion = new Motion();
  motion.observe([["a", at(0)]], 0);
  motion.observe([["a", at(100)]], 60);
  motion.observe([["a", at(0)]], 90);
  assert.equal(x(motion, 90), 50);
});

test("after a pause a box does not trail", () => {
  const motion = new Motion();
  motion.observe([["a", at(0)]], 0);
  motion.observe([["a", at(100)]], 10_000);
  assert.equal(x(motion, 10_120), 100);
});

test("whoever is not reported any more is gone, and comes back where he is", () => {
  const motion = new Motion();
  motion.observe([["a", at(0)], ["b", at(5)]], 0);
  motion.observe([["b", at(6)]], 60);
  assert.deepEqual(motion.at(60).map(([key]) => key), ["b"]);
  motion.observe([["a", at(300)]], 120);
  assert.equal(x(motion, 120), 300);
});

test("with less motion asked for boxes jump", () => {
  const motion = new Motion(true);
  motion.observe([["a", at(0)]], 0);
  motion.observe([["a", at(100)]], 60);
  assert.equal(x(motion, 60), 100);
});
