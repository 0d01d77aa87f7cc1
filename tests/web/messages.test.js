import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

import { WORDS as CONTROL } from "../../web_viewer/assets/control/control_messages.js";
import { WORDS as ROOM } from "../../web_viewer/assets/room/room_messages.js";

const root = new URL("../../web_viewer/", import.meta.url);
const shared = readFileSync(new URL("assets/messages.js", root), "utf8");

/** Each page with the keys whose words are the same in both languages. */
const PAGES = {
  control: { words: CONTROL, alike: ["labelHint", "obs", "space"] },
  room: { words: ROOM, alike: ["codec_H264", "codec_VP8"] },
};

for (const [page, { words, alike }] of Object.entries(PAGES)) {
  const known = (key) => key in words.en || new RegExp(`^    ${key}:`, "m").test(shared);

  test(`every key the ${page} page names has words`, () => {
    const files = readdirSync(new URL(`assets/${page}/`, root)).filter((name) => name.endsWith(".js"));
    const script = files.map((name) => readFileSync(new URL(`assets/${page}/${name}`, root), "utf8")).join("\n");
    const html = readFileSync(new URL(`${page}.html`, root), "utf8");
    const named = [
      ...script.matchAll(/(?:\btext\(|\bworded\("\w+", )"(\w+)"/g),
      ...html.matchAll(/data-(?:text|label)="(\w+)"/g),
    ].map(([, key]) => key);
    assert.ok(named.length > 50);
    assert.deepEqual([...new Set(named)].filter((key) => !known(key)), []);
  });

  test(`Korean says all that English says on the ${page} page, with the same blanks`, () => {
    const blanks = (sentence) => [...sentence.matchAll(/\{\w+\}/g)].map(String).sort().join();
    for (const [key, sentence] of Object.entries(words.en)) {
      assert.ok(key in words.ko || sentence === "–", key);
      if (key in words.ko) assert.equal(blanks(words.ko[key]), blanks(sentence), key);
    }
    const same = Object.keys(words.ko).filter((key) => words.ko[key] === words.en[key]);
    assert.deepEqual(same.sort(), alike, "nothing is left in English");
  });
}
