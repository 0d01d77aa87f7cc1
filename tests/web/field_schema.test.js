import assert from "node:assert/strict";
import { test } from "node:test";

import { isOptional, kindOf, liveFields } from "../../web_viewer/assets/control/field_schema.js";

const FIELDS = {
  aspect: { type: "string" },
  speed: { type: "string", enum: ["calm", "sport"] },
  headroom: { type: ["number", "null"], minimum: 0, maximum: 0.5 },
  cuts: { type: "boolean" },
  lost_widen: { type: "number" },
};

test("the live settings are those of the document, and without one there are none", () => {
  const document = { components: { schemas: { LiveSettings: { properties: FIELDS } } } };
  assert.equal(liveFields(document), FIELDS);
  for (const none of [null, undefined, "text", {}, { components: { schemas: {} } }]) {
    assert.deepEqual(liveFields(none), {});
  }
});

test("each schema gets the control that suits it", () => {
  const kinds = Object.values(FIELDS).map(kindOf);
  assert.deepEqual(kinds, ["text", "choice", "number", "switch", "number"]);
  assert.deepEqual(Object.values(FIELDS).map(isOptional), [false, false, true, false, false]);
});
