/** What can be set, read from the program's own description instead of typed twice. Pure. */

/** @typedef {import("./types.js").FieldSchema} FieldSchema */

/**
 * The live settings in an OpenAPI document: the properties of the object that has them all.
 * @param {unknown} document
 * @returns {Record<string, FieldSchema>}  empty when there is none
 */
export function liveFields(document) {
  if (typeof document !== "object" || document === null) return {};
  const properties = /** @type {any} */ (document).properties;
  if (properties?.lost_widen && properties.speed && properties.aspect) return properties;
  for (const inner of Object.values(document)) {
    const found = liveFields(inner);
    if (Object.keys(found).length) return found;
  }
  return {};
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

/** @param {FieldSchema} schema */
function typesOf(schema) {
  return [schema.type ?? []].flat();
}
