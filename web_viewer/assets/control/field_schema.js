/** What can be set, read from the program's own description instead of typed twice. Pure. */

/** @typedef {import("./types.js").FieldSchema} FieldSchema */

/**
 * The live settings in the program's OpenAPI document.
 * @param {any} document
 * @returns {Record<string, FieldSchema>}  empty when there is none
 */
export function liveFields(document) {
  return document?.components?.schemas?.LiveSettings?.properties ?? {};
}

/**
 * @param {FieldSchema} schema
 * @returns {"choice" | "switch" | "number" | "text"}
 */
export function kindOf(schema) {
  if (schema.enum) return "choice";
  const types = typesOf(schema);
  if (types.includes("boolean")) return "switch";
  return types.includes("number") || types.includes("integer") ? "number" : "text";
}

/**
 * Whether null, the program's own choice, is allowed.
 * @param {FieldSchema} schema
 */
export function isOptional(schema) {
  return typesOf(schema).includes("null");
}

/**
 * Where one who takes over from the program's own choice begins.
 * @param {FieldSchema} schema  of a number
 */
export function beginning({ minimum = 0, maximum = 1 }) {
  return minimum + (maximum - minimum) / 5;
}

/** @param {FieldSchema} schema */
function typesOf(schema) {
  return [schema.type ?? []].flat();
}
