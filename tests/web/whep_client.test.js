import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";

import { fragmentOf } from "../../web_viewer/assets/room/trickle.js";
import { WhepClient } from "../../web_viewer/assets/room/whep_client.js";

const WISH = { name: "Ada & Bob", codec: "auto", height: 540, mode: "lowest", sound: false };
const SAMPLE = { packets_lost: 1, rtt_ms: null, kbps: 900, still_s: 0, loss_pct: 3 };

/** A program that answers as told, and remembers what it was asked. */
async function program(answer, body) {
  const asked = [];
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    asked.push({ method: request.method, url: request.url, headers: request.headers, body: chunks.join("") });
    const { status, headers = {}, text = "" } = answer(request);
    response.writeHead(status, headers).end(text);
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  try {
    await body(`http://127.0.0.1:${server.address().port}`, asked);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const welcome = ({ method }) =>
  method === "POST" ? { status: 201, headers: { Location: "/whep/main/abc" }, text: "v=0 answer" } : { status: 200, text: "{}" };

test("joining sends the offer with the wish and the invitation, and keeps the place", async () => {
  await program(welcome, async (root, asked) => {
    const client = new WhepClient(root, { Authorization: "Bearer TOKEN" });
    assert.equal(await client.join("main stage", "v=0 offer", WISH), "v=0 answer");
    const [{ url, headers, body }] = asked;
    const query = new URL(url, root).searchParams;
    assert.ok(url.startsWith("/whep/main%20stage?"));
    assert.deepEqual(Object.fromEntries(query), { codec: "auto", height: "540", mode: "lowest", sound: "0", name: "Ada & Bob" });
    assert.equal(headers.authorization, "Bearer TOKEN");
    assert.equal(headers["content-type"], "application/sdp");
    assert.equal(body, "v=0 offer");
    assert.ok(client.joined);
  });
});

test("what is changed, told and left goes to the place, with the invitation", async () => {
  await program(welcome, async (root, asked) => {
    const client = new WhepClient(root, { Authorization: "Bearer TOKEN" });
    await client.join("main", "offer", WISH);
    await client.change({ height: "auto" });
    await client.report(SAMPLE, { p50_ms: 12, p95_ms: 20, estimated: false });
    await client.report(SAMPLE, { p50_ms: 12, p95_ms: 20, estimated: true });
    const told = client.leave();
    await client.leave();
    await told;
    assert.deepEqual(asked.slice(1).map(({ method, url }) => `${method} ${url}`),
      ["PATCH /whep/main/abc", "POST /whep/main/abc/stats", "POST /whep/main/abc/stats", "DELETE /whep/main/abc"]);
    assert.deepEqual(JSON.parse(asked[1].body), { height: "auto" });
    assert.deepEqual(JSON.parse(asked[2].body), { packets_lost: 1, kbps: 900, frozen: 0, latency_ms: 12 });
    assert.ok(!("latency_ms" in JSON.parse(asked[3].body)), "a guess is not told as a measurement");
    assert.ok(asked.every(({ headers }) => headers.authorization === "Bearer TOKEN"));
    assert.ok(!client.joined);
  });
});

test("an address found late is told to the place, with the offer's credentials, and may fail", async () => {
  const offer = "v=0\r\na=ice-ufrag:abcd\r\na=ice-pwd:secretsecret\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n";
  const found = [{ candidate: "candidate:1 1 udp 9 192.0.2.7 4000 typ srflx", sdpMid: "0" }];
  const fragment = fragmentOf(offer, found);
  assert.deepEqual(fragment.split("\r\n"), [
    "a=ice-ufrag:abcd", "a=ice-pwd:secretsecret", "m=video 9 UDP/TLS/RTP/SAVPF 0", "a=mid:0", `a=${found[0].candidate}`, "",
  ]);
  await program(welcome, async (root, asked) => {
    const client = new WhepClient(root, { Authorization: "Bearer TOKEN" });
    await client.join("main", "offer", WISH);
    await client.trickle(fragment);
    const { method, url, headers, body } = asked[1];
    assert.deepEqual([method, url, body], ["PATCH", "/whep/main/abc", fragment]);
    assert.equal(headers["content-type"], "application/trickle-ice-sdpfrag");
    assert.equal(headers.authorization, "Bearer TOKEN");
  });
  await new WhepClient("http://127.0.0.1:9").trickle(fragment);
});

test("looking tells the program's clock between two moments of ours", async () => {
  const look = ({ method }) => (method === "GET" ? { status: 200, text: '{"codec":"VP8","clock":{"now_ms":1}}' } : welcome({ method }));
  await program(look, async (root) => {
    const client = new WhepClient(root);
    await client.join("main", "offer", WISH);
    const before = performance.now();
    const { served, sent, received } = await client.look();
    assert.equal(served.codec, "VP8");
    assert.ok(before <= sent && sent < received && received <= performance.now());
  });
});

test("a refusal carries its status, its sentence, its lists and when to come again", async () => {
  const refuse = () => ({ status: 503, headers: { "Retry-After": "10" }, text: '{"error":"all taken","reason":"full","ours":["VP8"]}' });
  await program(refuse, async (root) => {
    const refused = await new WhepClient(root).join("main", "offer", WISH).catch((error) => error);
    assert.deepEqual([refused.status, refused.message], [503, "all taken"]);
    assert.deepEqual(refused.details, { error: "all taken", reason: "full", ours: ["VP8"], retry_after_s: 10 });
  });
});

test("a program that is not there is status 0", async () => {
  const refused = await new WhepClient("http://127.0.0.1:9").join("main", "offer", WISH).catch((error) => error);
  assert.equal(refused.status, 0);
});
