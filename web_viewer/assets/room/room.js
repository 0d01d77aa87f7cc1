/** The viewer's page: one shot's live picture, its figures, and the address for OBS. */

import { preferredLanguage, setLanguage, text } from "../messages.js";
import { MjpegPlayer, refusal } from "../mjpeg_player.js";
import { StatusFeed } from "../status_feed.js";

const RETRY_PICTURE_MS = 2000;
const TOAST_MS = 2500;

/** @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

const shot = decodeURIComponent(location.pathname.split("/")[2] ?? "");
const streamUrl = `/stream/${encodeURIComponent(shot)}.mjpg`;
const snapshotUrl = `/snapshot/${encodeURIComponent(shot)}.jpg`;

setLanguage(preferredLanguage());
/** @type {import("../mjpeg_player.js").Player} */
const player = new MjpegPlayer(streamUrl, text("pictureOf", { shot }));
const feed = new StatusFeed();
/** @type {any} */
let lastStatus = null;
let retryTimer = 0;

// States.

/** @param {string} state connecting, live, lost, paused or away */
function showState(state) {
  if (byId("badge").dataset.state === state && byId("badge-text").textContent === text(state)) return;
  byId("badge").dataset.state = state;
  byId("badge-text").textContent = text(state);
  /** @type {HTMLButtonElement} */ (byId("snapshot")).disabled = state === "away";
}

/**
 * Cover the picture with a reason, or uncover it.
 * @param {string} [title]
 * @param {string} [reason]
 */
function showNotice(title, reason = "") {
  byId("notice").hidden = title === undefined;
  byId("player").toggleAttribute("data-dimmed", title !== undefined);
  setText("notice-title", title ?? "");
  setText("notice-text", reason);
}

function startPicture() {
  clearTimeout(retryTimer);
  if (!document.hidden) player.start();
}

player.onplaying = () => showNotice();
player.onfailure = (reason) => {
  if (byId("badge").dataset.state === "away") return;
  showNotice(text("refusedTitle"), reason || text("unknownReason"));
  retryTimer = setTimeout(startPicture, RETRY_PICTURE_MS);
};

feed.onopen = () => {
  showState("connecting");
  startPicture();
};
feed.onaway = (/** @type {number} */ seconds) => {
  clearTimeout(retryTimer);
  player.stop();
  lastStatus = null;
  showState("away");
  showFigures(null);
  showNotice(text("awayTitle"), text("awayText", { seconds }));
};
feed.onstatus = (/** @type {any} */ status) => {
  lastStatus = status;
  showFigures(status);
};

// Figures.

/**
 * @param {any} status `GET /api/status`, or null when unknown
 */
function showFigures(status) {
  const view = status?.shots.find((/** @type {any} */ candidate) => candidate.name === shot);
  const sink = status?.sinks.find(
    (/** @type {any} */ candidate) => candidate.shot === shot && candidate.name === "mjpeg",
  );
  setText("fps", number(status?.fps, 1));
  setText("latency", number(sink?.latency_p50_ms ?? status?.latency_p50_ms, 0));
  setText("zoom", number(view?.zoom, 2));
  setText("subject", view ? subjectName(view.subject, status.tracks) : "–");
  byId("subject").title = byId("subject").textContent ?? "";
  if (!view) return;
  const source = status.source;
  setText("source", `${source.name} · ${source.width}×${source.height} → ${view.width}×${view.height}`);
  byId("stage").style.setProperty("--aspect", String(view.width / view.height));
  showState(source.state === "running" ? (view.state === "paused" ? "paused" : "live") : "lost");
  showShots(status.shots.map((/** @type {any} */ candidate) => candidate.name));
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

/** @param {string[]} names */
function showShots(names) {
  const nav = byId("shots");
  if (nav.childElementCount === names.length) return;
  nav.replaceChildren(
    ...names.map((name) => {
      const link = document.createElement("a");
      link.href = `/room/${encodeURIComponent(name)}`;
      link.textContent = name;
      if (name === shot) link.setAttribute("aria-current", "page");
      return link;
    }),
  );
}

/**
 * @param {number | null | undefined} value
 * @param {number} digits
 */
function number(value, digits) {
  return value === null || value === undefined ? "–" : value.toFixed(digits);
}

/**
 * @param {string} id
 * @param {string} value
 */
function setText(id, value) {
  if (byId(id).textContent !== value) byId(id).textContent = value;
}

// Buttons.

let toastTimer = 0;

/** @param {string} words */
function toast(words) {
  byId("toast").textContent = words;
  byId("toast").classList.add("shown");
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => byId("toast").classList.remove("shown"), TOAST_MS);
}

async function saveSnapshot() {
  try {
    const response = await fetch(snapshotUrl, { cache: "no-store" });
    if (!response.ok) throw new Error(await refusal(snapshotUrl));
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await response.blob());
    link.download = `livetrack-${shot}-${new Date().toISOString().slice(0, 19).replaceAll(":", "")}.jpg`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    toast(text("saved"));
  } catch (error) {
    const reason = error instanceof Error ? error.message : "";
    toast(text("notSaved", { reason: reason || text("unknownReason") }));
  }
}

/** Phones of one maker give full screen to videos only: there the picture fills the page. */
async function toggleFullscreen() {
  const stage = byId("stage");
  if (document.fullscreenElement) return document.exitFullscreen();
  if (stage.requestFullscreen) return stage.requestFullscreen();
  stage.classList.toggle("filling");
}

async function copyAddress() {
  const field = /** @type {HTMLInputElement} */ (byId("stream-url"));
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
    toast(text("copied"));
  } catch {
    // Plain http from another machine has no clipboard interface; the old command still works.
    toast(text(document.execCommand("copy") ? "copied" : "copyByHand"));
  }
}

byId("snapshot").addEventListener("click", saveSnapshot);
byId("fullscreen").addEventListener("click", toggleFullscreen);
byId("player").addEventListener("dblclick", toggleFullscreen);
byId("copy").addEventListener("click", copyAddress);
byId("retry").addEventListener("click", () => feed.start());
document.addEventListener("fullscreenchange", () => {
  byId("fullscreen").setAttribute("aria-pressed", String(document.fullscreenElement !== null));
});
document.addEventListener("keydown", (event) => {
  const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "f") toggleFullscreen();
  if (event.key === "s") saveSnapshot();
  if (event.key === "Escape") byId("stage").classList.remove("filling");
});
byId("language").addEventListener("change", (event) => {
  setLanguage(/** @type {HTMLSelectElement} */ (event.target).value);
  if (lastStatus) showFigures(lastStatus);
});
// Nobody looks at a hidden tab: no picture is made or sent for it.
document.addEventListener("visibilitychange", () => {
  if (document.hidden) player.stop();
  else if (byId("badge").dataset.state !== "away") startPicture();
});

// Start.

document.title = `${shot} · LiveTrack`;
/** @type {HTMLSelectElement} */ (byId("language")).value = document.documentElement.lang;
/** @type {HTMLInputElement} */ (byId("stream-url")).value = new URL(streamUrl, location.href).href;
byId("player").replaceChildren(player.element);
feed.start();
