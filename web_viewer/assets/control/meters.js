/** The figures: rates, the latency split, load, drops, hints, and who is connected. */

import { byId, element, icon, number, say } from "../dom.js";
import { text } from "../messages.js";
import { History, sparkPath } from "../sparkline.js";

/** @typedef {import("./types.js").Status} Status */
/** @typedef {import("./types.js").Latency} Latency */
/** @typedef {import("./types.js").Hint} Hint */

// Figures that change faster cannot be read.
const REFRESH_MS = 400;
const SPARK = { width: 120, height: 28 };
const WARN_UPSCALE = 1.5;

export class Meters {
  #histories = { fps: new History(), cpu: new History(), detect: new History(), latency: new History() };
  #refreshed = -REFRESH_MS;
  #hints = "";

  /**
   * @param {Status | null} status
   * @param {number} now  ms
   */
  show(status, now) {
    this.#showHints(status?.hints ?? []);
    if (status && now - this.#refreshed < REFRESH_MS) return;
    this.#refreshed = now;
    const histories = this.#histories;
    histories.fps.add(status?.fps, now);
    histories.cpu.add(status?.cpu_pct, now);
    histories.detect.add(status?.detect_hz, now);
    histories.latency.add(total(status), now);
    say(byId("fps"), number(status?.fps, 1));
    say(byId("cpu"), number(status?.cpu_pct, 0));
    say(byId("detect-hz"), number(status?.detect_hz, 1));
    say(byId("latency"), number(total(status), 0));
    say(byId("dropped"), status ? String(status.dropped) : "–");
    spark("fps-spark", histories.fps, 30);
    spark("cpu-spark", histories.cpu, 100);
    spark("detect-spark", histories.detect, 10);
    spark("latency-spark", histories.latency, 50);
    showSplit(status?.latency);
    showUpscale(status);
    showStates(status);
  }

  /** @param {Hint[]} hints */
  #showHints(hints) {
    const state = JSON.stringify([hints, document.documentElement.lang]);
    if (state === this.#hints) return;
    this.#hints = state;
    byId("hints").replaceChildren(...hints.map(hintItem));
  }
}

/**
 * The program's sentence, or ours in the language of the page where we have one.
 * @param {Hint} hint
 */
function hintItem({ code, text: sentence, shot }) {
  const key = `hint_${code}`;
  const ours = text(key);
  const words = document.documentElement.lang === "en" || ours === key ? sentence : ours;
  const item = element("li", {}, icon("hint"));
  // The program's own sentence names the shot.
  const name = shot && words === ours ? `${shot}: ` : "";
  item.append(element("span", {}, name + words));
  return item;
}

/** @param {Status | null} status */
function total(status) {
  return status?.latency?.send_ms ?? status?.latency_p50_ms;
}

/**
 * @param {string} id
 * @param {History} history
 * @param {number} least
 */
function spark(id, history, least) {
  const path = sparkPath(history.values, SPARK.width, SPARK.height - 2, least);
  const line = /** @type {Element} */ (byId(id).firstElementChild);
  if (line.getAttribute("d") !== path) line.setAttribute("d", path);
}

/** @param {Latency | undefined} latency */
function showSplit(latency) {
  const { capture_ms: capture, render_ms: render, send_ms: send, detect_ms: detect } = latency ?? {};
  const parts = {
    capture: capture ?? null,
    render: difference(render, capture),
    send: difference(send, render),
  };
  const sum = Object.values(parts).reduce((/** @type {number} */ all, part) => all + (part ?? 0), 0);
  for (const [name, value] of Object.entries(parts)) {
    byId(`split-${name}`).style.flexGrow = String(sum && value ? value / sum : 0);
    say(byId(`split-${name}-ms`), number(value, 1));
  }
  say(byId("split-detect-ms"), number(detect, 0));
}

/**
 * @param {number | null | undefined} later
 * @param {number | null | undefined} earlier
 */
function difference(later, earlier) {
  if (later === null || later === undefined) return null;
  return Math.max(0, later - (earlier ?? 0));
}

/** @param {Status | null} status */
function showUpscale(status) {
  const most = Math.max(0, ...(status?.shots ?? []).map((shot) => shot.upscale ?? 0));
  say(byId("upscale"), most ? most.toFixed(2) : "–");
  byId("upscale-tile").toggleAttribute("data-warn", most > WARN_UPSCALE);
}

/** @param {Status | null} status */
function showStates(status) {
  const source = status?.source;
  say(byId("source-name"), source ? source.name : "–");
  say(byId("source-size"), source ? `${source.width}×${source.height} · ${number(source.fps, 1)} fps` : "");
  const camera = source ? `source_${source.state}` : "unknown";
  lamp("source-state", text(camera), source?.state === "running" ? "good" : source ? "bad" : "off");
  const detector = status?.standby ? "standby" : (status?.detector_state ?? "unknown");
  const seeing = detector === "running" ? "good" : detector === "waiting" ? "bad" : "off";
  lamp("detector-state", text(detector === "unknown" ? "unknown" : `detector_${detector}`), seeing);
  byId("detector-state").title = status?.detector_error ?? "";
  showObs(status?.obs);
}

/** @param {import("./types.js").Obs | null | undefined} obs */
function showObs(obs) {
  const words = !obs
    ? text("obsUnwatched")
    : !obs.connected
      ? text("obsAway")
      : obs.on_program === null
        ? text("obsConnected")
        : text(obs.on_program ? "obsOnProgram" : "obsOffProgram");
  lamp("obs-state", words, obs?.connected ? (obs.on_program ? "live" : "good") : obs ? "bad" : "off");
  say(byId("obs-detail"), obs?.error ?? obs?.scene ?? "");
}

/**
 * @param {string} id
 * @param {string} words
 * @param {string} state
 */
function lamp(id, words, state) {
  say(byId(id), words);
  byId(id).dataset.state = state;
}
