import assert from "node:assert/strict";
import { test } from "node:test";

import { StatsSampler } from "../../web_viewer/assets/room/stats_sampler.js";

const CODEC = { id: "C", type: "codec", mimeType: "video/H264" };
const PAIR = { id: "P", type: "candidate-pair", currentRoundTripTime: 0.004 };
const TRANSPORT = { id: "T", type: "transport", selectedCandidatePairId: "P" };

/** A second of an inbound stream that has run for `s` seconds. */
const inbound = (s, more = {}) => ({
  id: "I", type: "inbound-rtp", kind: "video", timestamp: 1000 * s, codecId: "C",
  packetsLost: 0, packetsReceived: 100 * s, nackCount: 0, bytesReceived: 125_000 * s,
  keyFramesDecoded: 1, framesDecoded: 30 * s, frameWidth: 1280, frameHeight: 720,
  jitter: 0.002, jitterBufferDelay: 0.3 * s, jitterBufferEmittedCount: 30 * s,
  totalDecodeTime: 0.06 * s, framesDropped: 0, freezeCount: 0, ...more,
});
const sample = (sampler, ...stats) => sampler.sample(new Map(stats.map((stat) => [stat.id, stat])));

test("nothing is told before a picture's stream is there", () => {
  assert.equal(sample(new StatsSampler(), PAIR, { id: "A", type: "inbound-rtp", kind: "audio" }), null);
});

test("all seven metrics come from one second of differences", () => {
  const sampler = new StatsSampler();
  sample(sampler, inbound(1), PAIR, TRANSPORT, CODEC);
  const now = inbound(2, { packetsLost: 5, packetsReceived: 195, nackCount: 4 });
  const told = sample(sampler, now, { ...PAIR, id: "Q", currentRoundTripTime: 9 }, PAIR, TRANSPORT, CODEC);
  assert.equal(told.loss_pct, 5);
  assert.equal(told.nack, 4);
  assert.equal(told.rtt_ms, 4, "of the pair that is used");
  assert.equal(told.kbps, 1000);
  assert.equal(told.jitter_ms, 2);
  assert.equal(told.jitter_buffer_ms.toFixed(6), "10.000000");
  assert.equal(told.keyframe_interval_s, 1, "not another one since");
  assert.equal(told.fps, 30);
  assert.equal(told.decode_ms.toFixed(6), "2.000000");
  assert.equal(told.codec, "H264");
});

test("the interval of keyframes is that of the last two, or longer when none comes", () => {
  const sampler = new StatsSampler();
  const told = [[1, 1], [2, 1], [5, 2], [6, 2], [12, 2], [13, 4]].map(
    ([s, keyFramesDecoded]) => sample(sampler, inbound(s, { keyFramesDecoded })).keyframe_interval_s,
  );
  assert.deepEqual(told, [null, 1, 4, 4, 7, 4]);
});

test("packets that turned up late are no negative loss", () => {
  const sampler = new StatsSampler();
  sample(sampler, inbound(1, { packetsLost: 9 }));
  assert.equal(sample(sampler, inbound(2, { packetsLost: 3 })).loss_pct, 0);
});

test("browsers that name the used pair otherwise are understood", () => {
  for (const mark of [{ selected: true }, { nominated: true, state: "succeeded" }]) {
    const other = { ...PAIR, id: "Q", currentRoundTripTime: 9 };
    assert.equal(sample(new StatsSampler(), inbound(1), other, { ...PAIR, ...mark }).rtt_ms, 4);
  }
});

test("what a browser does not tell is null, and nothing is ever no number", () => {
  const bare = (s) => ({ id: "I", type: "inbound-rtp", kind: "video", timestamp: 1000 * s });
  const sampler = new StatsSampler();
  sample(sampler, bare(1));
  const { still_s: still, ...rest } = sample(sampler, bare(2));
  assert.equal(still, 0);
  assert.deepEqual([...new Set(Object.values(rest))], [null]);
});

test("another stream is not compared with the one before", () => {
  const sampler = new StatsSampler();
  sample(sampler, inbound(100));
  const told = sample(sampler, inbound(101, { id: "J", bytesReceived: 10 }));
  assert.deepEqual([told.kbps, told.loss_pct], [null, null]);
});
