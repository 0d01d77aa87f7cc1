/** What the page knows and does: the latest status, whom commands are for, and their sending. */

import { Refused } from "../ask.js";
import { text } from "../messages.js";
import { sendCommand } from "./api.js";
import { beginning, kindOf } from "./field_schema.js";

/** @typedef {import("./types.js").Status} Status */
/** @typedef {import("./types.js").Shot} Shot */
/** @typedef {import("./types.js").Track} Track */
/** @typedef {import("./types.js").Value} Value */
/** @typedef {import("./types.js").FieldSchema} FieldSchema */

const SUBJECTS = ["auto", "largest", "center", "group", "ball"];
const ASPECTS = ["16:9", "9:16", "1:1", "4:5", "4:3"];

export class Desk {
  /** @type {Status | null} */
  status = null;
  /** The shot that commands go to; null: every shot. @type {string | null} */
  target = null;
  operator = false;
  connected = false;
  /** The live settings, as the program describes them. @type {Record<string, FieldSchema>} */
  fields = {};
  /** Called with a sentence to show when a command was refused. @type {(sentence: string) => void} */
  onrefused = () => {};
  /** Called when the program does not know this browser any more. */
  onsignedout = () => {};

  /** Whether commands can be given now. */
  get ready() {
    return this.connected && this.operator && this.status !== null;
  }

  /** The shots that commands go to. @returns {Shot[]} */
  get shots() {
    const shots = this.status?.shots ?? [];
    return this.target === null ? shots : shots.filter((shot) => shot.name === this.target);
  }

  /**
   * Whether it was carried out; if not, the user has been told.
   * @param {Record<string, unknown>} body  `{command: NAME, …}`
   * @param {string | null} [target]
   */
  async run(body, target = this.target) {
    if (!this.ready) return false;
    try {
      await sendCommand(body, target);
      return true;
    } catch (error) {
      this.#tell(error);
      return false;
    }
  }

  /** @param {unknown} error */
  #tell(error) {
    if (!(error instanceof Refused)) throw error;
    this.onrefused(error.message || text("noAnswer"));
    if (error.status === 401) this.onsignedout();
  }

  /**
   * @param {string} field
   * @param {Value} value
   */
  set(field, value) {
    if (field === "subject") return this.run({ command: "select_subject", subject: value });
    return this.run({ command: "configure", settings: { [field]: value } });
  }

  /**
   * A setting of the shots that commands go to; undefined when they differ, or it is unknown.
   * @param {string} field
   * @returns {Value | undefined}
   */
  valueOf(field) {
    const values = this.shots.map((shot) => shot.settings?.[field]);
    return values.every((value) => value === values[0]) ? values[0] : undefined;
  }

  /**
   * Whether the shots that commands go to differ in a setting.
   * @param {string} field
   */
  isMixed(field) {
    return new Set(this.shots.map((shot) => shot.settings?.[field])).size > 1;
  }

  /**
   * What a setting is chosen from.
   * @param {string} field
   * @returns {string[]}
   */
  choicesOf(field) {
    if (field === "subject") return SUBJECTS;
    if (field === "aspect") return ASPECTS;
    return (this.fields[field]?.enum ?? []).map(String);
  }

  /**
   * Choose the next value of a setting, or the one before; of a number a little more, or less.
   * @param {string} field
   * @param {1 | -1} step
   */
  step(field, step) {
    const schema = this.fields[field];
    if (!schema) return false;
    if (kindOf(schema) === "number") return this.#raise(field, schema, step);
    const choices = this.choicesOf(field);
    const at = choices.indexOf(String(this.valueOf(field)));
    const from = at < 0 && step < 0 ? 0 : at;
    return this.set(field, choices[(from + step + choices.length) % choices.length]);
  }

  /**
   * Each shot from where it is; one that is automatic begins where its slider would.
   * @param {string} field
   * @param {FieldSchema} schema
   * @param {1 | -1} step
   */
  async #raise(field, schema, step) {
    const { minimum: min = 0, maximum: max = 1 } = schema;
    const by = step * (max > 1 ? 0.2 : 0.02);
    const done = this.shots.map(({ name, settings }) => {
      const now = Number(settings?.[field] ?? beginning(schema));
      const value = Number(Math.min(Math.max(now + by, min), max).toFixed(4));
      return this.run({ command: "configure", settings: { [field]: value } }, name);
    });
    return (await Promise.all(done)).every(Boolean);
  }
}

/**
 * @param {Pick<Track, "id" | "label">} track
 */
export function trackName({ id, label }) {
  const keys = { person: "person", face: "face", "sports ball": "ball" };
  return text(keys[/** @type {keyof keys} */ (label)] ?? "track", { label, id });
}

/**
 * Who a shot shows.
 * @param {Shot} shot
 * @param {Track[]} tracks
 */
export function subjectName(shot, tracks) {
  if (shot.subject.length === 0) return text("nobody");
  if (shot.subject.length > 1) return text("group", { count: shot.subject.length });
  const id = shot.subject[0];
  return trackName(tracks.find((track) => track.id === id) ?? { id, label: "person" });
}
