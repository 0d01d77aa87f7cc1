import assert from "node:assert/strict";
import { test } from "node:test";

import { ClockOffset, LatencyMeter, ticksBetween } from "../../web_viewer/assets/room/latency.js";

test("of the last comparisons the quickest is believed, and old ones are forgotten", () => {
  const offset = new ClockOffset();
  offset.add(0, 1010, 20);
  offset.add(100, 1101, 102);
  offset.add(200, 1290, 260);
  assert.deepEqual(offset.best, { rtt: 2, offset: 1000 });
  for (let at = 1000; at < 1012; at++) offset.add(at, at + 905, at + 10);
  assert.deepEqual(offset.best, { rtt: 10, offset: 900 });
});

test("RTP timestamps wrap, forwards and backwards", () => {
  assert.equal(ticksBetween(100, 3100), 3000);
  assert.equal(ticksBetween(2 ** 32 - 1000, 2000), 3000);
  assert.equal(ticksBetween(2000, 2 ** 32 - 1000), -3000);
});

const meter = (rtp = 90_000) => {
  const made = new LatencyMeter();
  // The program's clock is 5000 ms ahead; its frame `rtp` was captured at 7000 there, 2000 here.
  made.ping({ now_ms: 7010, rtp, capture_ms: 7000, rate: 90_000 }, 2009, 2011);
  return made;
};

test("a frame's age is the time from its capture to the screen, on one clock", () => {
  assert.equal(meter().age(90_000, 2040), 40);
  assert.equal(meter().age(90_000 + 3000, 2040).toFixed(3), "6.667");
  const wrapping = 2 ** 32 - 1500;
  assert.equal(meter(wrapping).age(1500, 2000 + 100 / 3 + 12).toFixed(3), "12.000");
});

test("nothing is told before the clocks were compared, nor of frames that make no sense", () => {
  assert.equal(new LatencyMeter().age(1, 1), null);
  assert.equal(meter().age(90_000, 50_000), null);
  assert.equal(meter().age(90_000, 1500), null);
  assert.equal(meter().age(90_000, 1999), 0, "half a millisecond of wrong clock is none");
});

test("the median and the 95th percentile of the last frames are told", () => {
  const made = meter();
  assert.equal(made.delay, null);
  for (let frame = 0; frame < 200; frame++) made.frame(90_000, 2000 + (frame % 100));
  assert.deepEqual(made.delay, { p50_ms: 54, p95_ms: 94, estimated: false });
  made.forgetFrames();
  assert.equal(made.delay, null);
  made.frame(90_000, 2030, true);
  assert.deepEqual(made.delay, { p50_ms: 30, p95_ms: 30, estimated: true });
  assert.equal(made.uncertainty_ms, 1);
});
