import assert from "node:assert/strict";
import { test } from "node:test";

import { RateControl } from "../../web_viewer/assets/camera/rate_control.js";

const MOST = 4000;

/**
 * @param {RateControl} rates
 * @param {number[]} trips  ms
 */
const after = (rates, trips) => trips.map((rtt) => rates.observe(rtt)).at(-1);

test("a quiet network may have everything", () => {
  assert.equal(after(new RateControl(MOST), [20, 25, 180, 22, 21]), MOST);
});

test("one late answer is a hiccup", () => {
  assert.equal(after(new RateControl(MOST), [20, 900, 20]), MOST);
});

test("a queue that stays is given less and less, down to what still shows somebody", () => {
  const rates = new RateControl(MOST);
  rates.observe(20);
  const falling = Array.from({ length: 20 }, () => rates.observe(600));
  assert.equal(falling[0], MOST);
  assert.ok(falling.slice(1, 6).every((kbps, index) => kbps < falling[index]));
  assert.equal(falling.at(-1), 300);
});

test("it recovers when the queue is gone", () => {
  const rates = new RateControl(MOST);
  after(rates, [20, ...Array(20).fill(600)]);
  const rising = Array.from({ length: 60 }, () => rates.observe(30));
  assert.ok(rising[1] > rising[0]);
  assert.equal(rising.at(-1), MOST);
});

test("a long way is no queue", () => {
  assert.equal(after(new RateControl(MOST), Array(100).fill(700)), MOST);
});
