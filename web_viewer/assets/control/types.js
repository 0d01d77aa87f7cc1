/**
 * The shapes of `GET /api/status` and `/api/openapi.json` that the page reads. Types only.
 *
 * @typedef {[x: number, y: number, width: number, height: number]} Box  source pixels
 * @typedef {string | number | boolean | null} Value
 *
 * @typedef {object} Track
 * @property {number} id
 * @property {string} label
 * @property {Box} box
 * @property {string[]} [subject_of]  the shots that follow it
 *
 * @typedef {object} Shot
 * @property {string} name
 * @property {string} aspect
 * @property {number} width
 * @property {number} height
 * @property {string} state
 * @property {number[]} subject  track ids
 * @property {Box | null} crop
 * @property {number | null} zoom
 * @property {number | null} upscale
 * @property {Record<string, Value>} [settings]
 * @property {boolean} [locked]
 * @property {Box | null} [home]
 * @property {string | null} [preset]
 *
 * @typedef {object} Latency  ages of a frame, ms
 * @property {number | null} capture_ms
 * @property {number | null} render_ms
 * @property {number | null} send_ms
 * @property {number | null} detect_ms
 *
 * @typedef {object} Hint
 * @property {string} code
 * @property {string} text
 * @property {string | null} shot
 *
 * @typedef {object} Obs
 * @property {boolean} connected
 * @property {boolean | null} on_program
 * @property {string | null} scene
 * @property {string | null} error
 *
 * @typedef {object} Status
 * @property {{name: string, state: string, width: number, height: number, fps: number}} source
 * @property {number} fps
 * @property {number | null} latency_p50_ms
 * @property {number} dropped
 * @property {string} detector_state
 * @property {string | null} detector_error
 * @property {number} detect_hz
 * @property {Track[]} tracks
 * @property {Shot[]} shots
 * @property {boolean} [standby]
 * @property {number | null} [cpu_pct]
 * @property {Latency} [latency]
 * @property {string[]} [presets]
 * @property {Record<string, string>} [scenes]
 * @property {Hint[]} [hints]
 * @property {Obs | null} [obs]
 *
 * @typedef {object} FieldSchema  JSON Schema of one setting
 * @property {string | string[]} [type]
 * @property {Value[]} [enum]
 * @property {number} [minimum]
 * @property {number} [maximum]
 * @property {string} [description]
 * @property {string[]} [examples]
 */

export {};
