import assert from "node:assert/strict";
import { test } from "node:test";

import { FigureReader, NO_FIGURES } from "../../web_viewer/assets/camera/figures.js";

/**
 * @param {number} timestamp  ms
 * @param {number} bytesSent
 */
const stats = (timestamp, bytesSent) => [
  { type: "outbound-rtp", kind: "audio", timestamp, bytesSent: 1 },
  { type: "codec", id: "c", mimeType: "video/H264" },
  { type: "remote-inbound-rtp", kind: "audio", roundTripTime: 9, roundTripTimeMeasurements: 1 },
  { type: "remote-inbound-rtp", kind: "video", roundTripTime: 0.012, roundTripTimeMeasurements: 4 },
  {
    ...{ type: "outbound-rtp", kind: "video", codecId: "c", timestamp, bytesSent },
    ...{ framesPerSecond: 30, frameWidth: 1280, frameHeight: 720 },
  },
];

test("the bit rate is that of the time between two looks", () => {
  const reader = new FigureReader();
  assert.equal(reader.read(stats(1000, 50_000)).kbps, null);
  assert.deepEqual(reader.read(stats(2000, 300_000)), {
    ...{ fps: 30, kbps: 2000, rttMs: 12, trips: 4, size: "1280×720", codec: "H264" },
  });
});

test("another connection counts from zero and gives no negative rate", () => {
  const reader = new FigureReader();
  reader.read(stats(1000, 900_000));
  assert.equal(reader.read(stats(2000, 10_000)).kbps, null);
  reader.reset();
  assert.equal(reader.read(stats(3000, 20_000)).kbps, null);
});

test("before anything is sent there are no figures", () => {
  assert.deepEqual(new FigureReader().read([]), NO_FIGURES);
});
