import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

import { WORDS } from "../../web_viewer/assets/control/control_messages.js";

const root = new URL("../../web_viewer/", import.meta.url);
const shared = readFileSync(new URL("assets/messages.js", root), "utf8");
const known = (key) => key in WORDS.en || new RegExp(`^    ${key}:`, "m").test(shared);

test("every key the page names has words", () => {
  const files = readdirSync(new URL("assets/control/", root)).filter((name) => name.endsWith(".js"));
  const script = files.map((name) => readFileSync(new URL(`assets/control/${name}`, root), "utf8")).join("\n");
  const html = readFileSync(new URL("control.html", root), "utf8");
  const named = [
    ...script.matchAll(/(?:\btext\(|\bworded\("\w+", )"(\w+)"/g),
    ...html.matchAll(/data-(?:text|label)="(\w+)"/g),
  ].map(([, key]) => key);
  assert.ok(named.length > 50);
  assert.deepEqual([...new Set(named)].filter((key) => !known(key)), []);
});

test("Korean says all that English says, with the same blanks, and nothing is left in English", () => {
  const blanks = (words) => [...words.matchAll(/\{\w+\}/g)].map(String).sort().join();
  for (const [key, words] of Object.entries(WORDS.en)) {
    assert.ok(key in WORDS.ko || words === "–", key);
    if (key in WORDS.ko) assert.equal(blanks(WORDS.ko[key]), blanks(words), key);
  }
  const alike = Object.keys(WORDS.ko).filter((key) => WORDS.ko[key] === WORDS.en[key]);
  assert.deepEqual(alike.sort(), ["labelHint", "obs", "space"]);
});
