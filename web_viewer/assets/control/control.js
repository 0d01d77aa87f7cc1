/** The operator's page: puts its parts together and hands them each status. */

import { ask } from "../ask.js";
import { byId, element, icon, say, worded } from "../dom.js";
import { addMessages, preferredLanguage, setLanguage, text } from "../messages.js";
import { MjpegPlayer } from "../mjpeg_player.js";
import { announce, toast } from "../notices.js";
import { StatusFeed } from "../status_feed.js";
import { Access } from "./access.js";
import { ACTIONS } from "./actions.js";
import { WORDS } from "./control_messages.js";
import { Desk, subjectName } from "./desk.js";
import { liveFields } from "./field_schema.js";
import { listen } from "./help.js";
import { Meters } from "./meters.js";
import { Overlay } from "./overlay.js";
import { Pointing } from "./pointing.js";
import { Presets } from "./presets.js";
import { SettingsPanel } from "./settings_panel.js";
import { Shots } from "./shots.js";

/** @typedef {import("./types.js").Status} Status */

const EVENTS_HZ = 15;
const RETRY_PREVIEW_MS = 2000;

addMessages(WORDS);
setLanguage(preferredLanguage());

const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
const stage = byId("stage");
const desk = new Desk();
const access = new Access(desk);
const feed = new StatusFeed(EVENTS_HZ);
const preview = new MjpegPlayer("/preview.mjpg", text("previewAlt"));
const canvas = /** @type {HTMLCanvasElement} */ (byId("crops"));
const overlay = new Overlay(canvas, byId("tracks"), still);
const shots = new Shots(byId("shots"));
const panel = new SettingsPanel(desk);
const presets = new Presets(desk);
const meters = new Meters();
let retryTimer = 0;

// Commands.

/** @type {Record<string, () => unknown>} */
const DOES = {
  tracking: () => desk.run({ command: "toggle" }),
  standby: () => desk.run({ command: "standby", on: !desk.status?.standby }, null),
  draw_home: () => desk.ready && pointing.draw(!pointing.drawing),
};

/** @param {string} name  one of ACTIONS */
function act(name) {
  const does = DOES[name] ?? (() => desk.run({ command: name }));
  return does();
}

/** @param {string | null} target */
function choose(target) {
  desk.target = target;
  if (desk.status) showStatus(desk.status);
  announce(text("commandsFor", { shot: target ?? text("everyShot") }));
}

function nextTarget() {
  const names = [null, ...(desk.status?.shots ?? []).map((shot) => shot.name)];
  if (names.length > 2) choose(names[(names.indexOf(desk.target) + 1) % names.length]);
}

/** @param {import("./types.js").Box} box */
async function drawHome(box) {
  const rounded = box.map((side) => Math.round(side * 10) / 10);
  if (!(await desk.run({ command: "set_home", box: rounded }))) return;
  if (await desk.run({ command: "home" })) toast(text("homeDrawn"));
}

const pointing = new Pointing(stage, {
  tracks: () => overlay.tracks,
  source: () => desk.status?.source ?? null,
  ready: () => desk.ready,
  onfollow: (id) => desk.run({ command: "lock", track_id: id }),
  onrelease: () => desk.run({ command: "release" }),
  onhome: drawHome,
  onpoint: (id) => {
    overlay.point(id);
    stage.toggleAttribute("data-pointing", id !== null);
  },
  ondraft: (box) => (overlay.draft = box),
  ondrawing: (drawing) => {
    byId("do-draw_home").ariaPressed = String(drawing);
    byId("draw-hint").hidden = !drawing;
    if (drawing) announce(text("drawHint"));
  },
});
overlay.onchoose = (/** @type {number} */ id) => desk.run({ command: "lock", track_id: id });
shots.onchoose = choose;

function buildTransport() {
  const buttons = ACTIONS.map(({ name, key, handy }) => {
    const button = element("button", { type: "button", id: `do-${name}`, className: "command", data: handy ? { handy: "" } : {} });
    const shown = key === " " ? "Space" : key === key.toUpperCase() ? `Shift+${key}` : key.toUpperCase();
    button.setAttribute("aria-keyshortcuts", shown);
    button.append(icon(/** @type {"next"} */ (name)), worded("span", `do_${name}`));
    button.addEventListener("click", () => act(name));
    return button;
  });
  byId("handy").append(...buttons.filter((button) => "handy" in button.dataset));
  byId("others").append(...buttons.filter((button) => !("handy" in button.dataset)));
}

// What the program says.

/** @param {Status} status */
function showStatus(status) {
  const { source } = status;
  if (!status.shots.some((shot) => shot.name === desk.target)) desk.target = null;
  desk.status = status;
  const now = performance.now();
  stage.style.setProperty("--aspect", String(source.width / source.height));
  overlay.observe(status, desk.target, now);
  shots.show(status, desk.target);
  panel.show();
  presets.show();
  meters.show(status, now);
  showStates(status);
}

/** @param {Status} status */
function showStates(status) {
  const paused = desk.shots.length > 0 && desk.shots.every((shot) => shot.state === "paused");
  const lost = status.source.state !== "running";
  badge(lost ? "lost" : status.standby ? "standby" : paused ? "paused" : "live");
  byId("do-tracking").ariaPressed = String(!paused);
  byId("do-standby").ariaPressed = String(Boolean(status.standby));
  const several = status.shots.length > 1;
  say(byId("target-name"), several ? (desk.target ?? text("everyShot")) : "");
  announceChange(status);
}

let announced = "";

/** Say who is followed and whether, when that changes, and not where everybody is.
 * @param {Status} status */
function announceChange(status) {
  const words = desk.shots
    .map((shot) => {
      const who = subjectName(shot, status.tracks);
      const what = shot.state === "paused" ? text("state_paused") : text(shot.locked ? "lockedOn" : "follows", { who });
      return status.shots.length > 1 ? `${shot.name}: ${what}` : what;
    })
    .join(". ");
  if (words === announced) return;
  announced = words;
  announce(words);
}

/** @param {string} state */
function badge(state) {
  byId("badge").dataset.state = state;
  say(byId("badge-text"), text(state));
}

// Connection.

feed.onopen = () => {
  desk.connected = true;
  byId("banner").hidden = true;
  badge("connecting");
  access.check();
  describeSettings();
  startPreview();
  shots.hide(document.hidden);
};
feed.onaway = (/** @type {number} */ seconds) => {
  clearTimeout(retryTimer);
  if (desk.connected) announce(text("awayTitle"));
  desk.connected = false;
  preview.stop();
  shots.hide(true);
  pointing.drawing && pointing.draw(false);
  badge("away");
  say(byId("banner-text"), text("awayText", { seconds }));
  byId("banner").hidden = false;
  overlay.observe(null, null, performance.now());
  meters.show(null, performance.now());
  access.show();
};
feed.onstatus = (/** @type {Status} */ status) => {
  const first = desk.status === null;
  showStatus(status);
  if (first) access.show();
};
desk.onrefused = (/** @type {string} */ sentence) => toast(sentence, "bad");
desk.onsignedout = () => access.check();
access.onchange = () => {
  overlay.enable(desk.connected && desk.operator);
  stage.toggleAttribute("data-away", !desk.connected);
};

/** The settings there are, from the program's own description of its API. */
async function describeSettings() {
  const fields = liveFields(await ask("/api/openapi.json").catch(() => null));
  if (JSON.stringify(fields) === JSON.stringify(desk.fields)) return;
  desk.fields = fields;
  panel.build();
  if (desk.status) panel.show();
}

// Preview.

function startPreview() {
  clearTimeout(retryTimer);
  if (!document.hidden && desk.connected) preview.start();
}

preview.onplaying = () => (byId("notice").hidden = true);
preview.onfailure = (/** @type {string} */ reason) => {
  if (!desk.connected) return;
  say(byId("notice-text"), reason || text("unknownReason"));
  byId("notice").hidden = false;
  retryTimer = setTimeout(startPreview, RETRY_PREVIEW_MS);
};

function draw() {
  overlay.draw(performance.now());
  if (desk.status && desk.connected) shots.draw(preview.element, desk.status, (shot) => overlay.crop(shot));
  requestAnimationFrame(draw);
}

// Nobody looks at a hidden tab: nothing is made or sent for it.
document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    clearTimeout(retryTimer);
    preview.stop();
    feed.stop();
  } else {
    feed.start();
  }
  shots.hide(document.hidden);
});

// Start.

byId("retry").addEventListener("click", () => feed.start());
const language = /** @type {HTMLSelectElement} */ (byId("language"));
language.value = document.documentElement.lang;
language.addEventListener("change", () => {
  setLanguage(language.value);
  panel.build();
  if (desk.status) showStatus(desk.status);
});
byId("player").replaceChildren(preview.element);
buildTransport();
listen({
  act,
  step: (field, step) => desk.step(field, step),
  speed: (index) => desk.set("speed", desk.choicesOf("speed")[index]),
  nextTarget,
  preset: (index) => presets.load(index),
});
access.show();
feed.start();
requestAnimationFrame(draw);
