import assert from "node:assert/strict";
import { test } from "node:test";

import { Backoff } from "../../web_viewer/assets/room/backoff.js";
import { FIRST_CHOICES, readChoices } from "../../web_viewer/assets/room/choices.js";
import { codecObstacle, decodable, preferences, sizes, withStereo } from "../../web_viewer/assets/room/codecs.js";
import { FreezeWatch } from "../../web_viewer/assets/room/freeze_watch.js";
import { readLink } from "../../web_viewer/assets/room/invitation.js";

const h264 = (profile, mode = 1) => ({
  mimeType: "video/H264", sdpFmtpLine: `level-asymmetry-allowed=1;packetization-mode=${mode};profile-level-id=${profile}`,
});
const VP8 = { mimeType: "video/VP8" };
const RTX = { mimeType: "video/rtx" };
const CHROME = [VP8, RTX, { mimeType: "video/VP9" }, h264("42001f"), h264("42e01f", 0), h264("42e01f"), { mimeType: "video/AV1" }, { mimeType: "video/red" }];
const ROOM = { size: [720, 1280], codecs: ["VP8"], renditions: [{ width: 720, height: 1280, kbps: 2500 }, { width: 360, height: 640, kbps: 900 }] };

test("waiting doubles, up to ten seconds, and half of it is chance", () => {
  for (const [chance, waits] of [[0, [250, 500, 1000, 2000, 4000, 5000, 5000]], [1, [500, 1000, 2000, 4000, 8000, 10_000, 10_000]]]) {
    const backoff = new Backoff(() => chance);
    assert.deepEqual(waits.map(() => backoff.next()), waits);
    backoff.reset();
    assert.equal(backoff.next(), waits[0]);
  }
});

test("H.264 in constrained baseline is offered first, then VP8, each with its repeats", () => {
  assert.deepEqual(preferences(CHROME, "auto"), [h264("42e01f"), VP8, RTX]);
  assert.deepEqual(preferences(CHROME, "VP8"), [VP8, RTX]);
  assert.deepEqual(preferences([h264("640c1f"), RTX], "H264"), [h264("640c1f"), RTX]);
  assert.deepEqual(preferences([{ mimeType: "video/AV1" }, RTX], "auto"), []);
});

test("a codec that cannot be says why", () => {
  assert.deepEqual(decodable(CHROME), ["H264", "VP8"]);
  assert.deepEqual(decodable([h264("42e01f", 0), VP8]), ["VP8"]);
  assert.equal(codecObstacle("H264", ["VP8"], null), "codecNotHere");
  assert.equal(codecObstacle("H264", ["H264"], ROOM), "codecNotSent");
  assert.equal(codecObstacle("VP8", ["VP8"], ROOM), "");
});

test("sizes are called by their shorter side, and those that are not sent are listed, too", () => {
  assert.deepEqual(sizes(ROOM).map(({ side, rendition }) => [side, rendition !== null]),
    [[1080, false], [720, true], [540, false], [360, true]]);
});

test("stereo is asked for once, and only of Opus", () => {
  const sdp = "a=fmtp:111 minptime=10;useinbandfec=1\r\na=fmtp:96 profile-id=0\r\n";
  const stereo = "a=fmtp:111 minptime=10;useinbandfec=1;stereo=1\r\na=fmtp:96 profile-id=0\r\n";
  assert.equal(withStereo(sdp), stereo);
  assert.equal(withStereo(stereo), stereo);
});

test("a picture that stands still is told, then given up, and moves again", () => {
  const watch = new FreezeWatch();
  watch.start(1000);
  assert.equal(watch.observe(null, 2000), "moving");
  assert.equal(watch.observe(5, 3000), "moving");
  assert.equal(watch.observe(5, 5999), "moving");
  assert.equal(watch.observe(5, 6000), "still");
  assert.equal(watch.since(6000), 3000);
  assert.equal(watch.observe(6, 6500), "moving");
  assert.equal(watch.observe(6, 13_500), "frozen");
});

test("an invitation is taken out of the address, and the rest stays", () => {
  assert.deepEqual(readLink("#t=abc.def", ""), { token: "abc.def", join: false, rest: "" });
  assert.deepEqual(readLink("#t=abc&join", ""), { token: "abc", join: true, rest: "#join" });
  assert.deepEqual(readLink("#join", ""), { token: "", join: true, rest: "#join" });
  assert.deepEqual(readLink("", "?join=1"), { token: "", join: true, rest: "" });
  assert.deepEqual(readLink("", "?join=0"), { token: "", join: false, rest: "" });
});

test("choices that make no sense are forgotten", () => {
  const good = { name: "Ada", codec: "VP8", height: 540, mode: "smooth", same_room: false, fill: true };
  assert.deepEqual(readChoices(good), good);
  for (const bad of [null, 7, "x", [], { codec: "AV1", height: -1, mode: 1, name: {}, same_room: "no", fill: 0 }]) {
    assert.deepEqual(readChoices(bad), FIRST_CHOICES);
  }
  assert.equal(readChoices({ name: "x".repeat(99) }).name.length, 40);
});
