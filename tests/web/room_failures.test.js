import assert from "node:assert/strict";
import { test } from "node:test";

import { CODES, failure, failureOf } from "../../web_viewer/assets/room/failures.js";
import { WORDS } from "../../web_viewer/assets/room/room_messages.js";

test("every failure has a title and a sentence in every language", () => {
  for (const words of Object.values(WORDS)) {
    for (const code of CODES) {
      assert.ok(words[`failed_${code}`], code);
      assert.ok(words[`failed_${code}_text`], code);
    }
  }
});

test("what may pass is tried again, and what will not is not", () => {
  for (const status of [0, 408, 429, 500, 503, 502]) assert.equal(failureOf(status, "").retry, "soon", status);
  for (const status of [400, 401, 403, 404, 406, 413, 415]) assert.equal(failureOf(status, "").retry, "never", status);
});

test("the plain picture stands in where live video cannot be, and never for who may not watch", () => {
  for (const status of [400, 404, 406]) assert.ok(failureOf(status, "").plain, status);
  for (const status of [0, 401, 403, 429, 500, 503]) assert.ok(!failureOf(status, "").plain, status);
  assert.ok(failure("no_webrtc").plain);
  const offline = failureOf(503, "on no network", { reason: "no_network" });
  assert.deepEqual([offline.code, offline.retry, offline.plain], ["no_network", "never", true]);
  assert.ok(!failure("cut").plain);
});

test("the codecs of both sides are named, and the program's wish to wait is kept", () => {
  const { values } = failureOf(406, "…", { offered: ["VP9", "AV1"], ours: ["H264", "VP8"] });
  assert.deepEqual([values.offered, values.ours], ["VP9, AV1", "H264, VP8"]);
  assert.equal(failureOf(406, "", { offered: [], ours: ["VP8"] }).values.offered, "–");
  assert.equal(failureOf(503, "", { reason: "full", retry_after_s: 10 }).wait_s, 10);
  assert.equal(failureOf(503, "there is no picture yet", { reason: "starting" }).code, "not_now");
});

test("blanks of the sentences are values that there are", () => {
  const known = Object.keys(failureOf(406, "", {}).values);
  for (const words of Object.values(WORDS)) {
    for (const code of CODES) {
      for (const [, blank] of words[`failed_${code}_text`].matchAll(/\{(\w+)\}/g)) assert.ok(known.includes(blank), code);
    }
  }
});
