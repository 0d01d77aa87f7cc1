import assert from "node:assert/strict";
import { test } from "node:test";

import { History, SAMPLES, sparkPath } from "../../web_viewer/assets/sparkline.js";

test("a history takes one value a second and keeps the newest", () => {
  const history = new History();
  for (let ms = 0; ms < 90_000; ms += 200) history.add(ms / 1000, ms);
  assert.equal(history.values.length, SAMPLES);
  assert.deepEqual(history.values.slice(-2), [88, 89]);
});

test("what is unknown leaves no trace", () => {
  const history = new History();
  history.add(null, 0);
  history.add(undefined, 2000);
  assert.deepEqual(history.values, []);
});

test("the newest value is at the right edge, and heights are shares of the largest", () => {
  assert.equal(sparkPath([0, 5, 10], 59, 20), "M57.0 20.0L58.0 10.0L59.0 0.0");
  assert.equal(sparkPath([10, 10], 59, 20, 40), "M58.0 15.0L59.0 15.0");
  assert.equal(sparkPath([3], 59, 20), "");
  assert.ok(!sparkPath([0, 0], 59, 20).includes("NaN"));
});
