/** What the program says of the shot: whom it follows, how far it zooms, and how quick it is. */

import { byId, element, number, say } from "../dom.js";
import { text } from "../messages.js";

/**
 * @param {any} status  `GET /api/status`, or null when unknown
 * @param {string} shot
 */
export function showFigures(status, shot) {
  const view = status?.shots.find((/** @type {any} */ candidate) => candidate.name === shot);
  const sink = status?.sinks.find(
    (/** @type {any} */ candidate) => candidate.shot === shot && candidate.name === "mjpeg",
  );
  say(byId("fps"), number(status?.fps, 1));
  say(byId("latency"), number(sink?.latency_p50_ms ?? status?.latency_p50_ms, 0));
  say(byId("zoom"), number(view?.zoom, 2));
  say(byId("subject"), view ? subjectName(view.subject, status.tracks) : "–");
  byId("subject").title = byId("subject").textContent ?? "";
  if (!view) return;
  const source = status.source;
  say(byId("source"), `${source.name} · ${source.width}×${source.height} → ${view.width}×${view.height}`);
  byId("stage").style.setProperty("--aspect", String(view.width / view.height));
  showShots(status.shots.map((/** @type {any} */ candidate) => candidate.name), shot);
}

/**
 * What the camera does: live, lost or paused.
 * @param {any} status
 * @param {string} shot
 */
export function cameraState(status, shot) {
  if (status.source.state !== "running") return "lost";
  const view = status.shots.find((/** @type {any} */ candidate) => candidate.name === shot);
  return view?.state === "paused" ? "paused" : "live";
}

/**
 * @param {number[]} ids
 * @param {{id: number, label: string}[]} tracks
 */
function subjectName(ids, tracks) {
  if (ids.length === 0) return text("nobody");
  if (ids.length > 1) return text("group", { count: ids.length });
  const label = tracks.find((track) => track.id === ids[0])?.label ?? "person";
  const keys = { person: "person", face: "face", "sports ball": "ball" };
  return text(keys[/** @type {keyof keys} */ (label)] ?? "track", { label, id: ids[0] });
}

/**
 * @param {string[]} names
 * @param {string} shot
 */
function showShots(names, shot) {
  const nav = byId("shots");
  if (nav.childElementCount === names.length) return;
  nav.replaceChildren(
    ...names.map((name) => {
      const link = element("a", { href: `/room/${encodeURIComponent(name)}` }, name);
      if (name === shot) link.setAttribute("aria-current", "page");
      return link;
    }),
  );
}
