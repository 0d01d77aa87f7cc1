/** The camera page: this device's camera becomes the program's. */

import { Refused, ask } from "../ask.js";
import { byId, number, say } from "../dom.js";
import { addMessages, preferredLanguage, setLanguage, text } from "../messages.js";
import { toast } from "../notices.js";
import { WORDS } from "./camera_messages.js";
import { closeCamera, isAlive, obstacle, openCamera, reasonOf } from "./capture.js";
import { FigureReader, NO_FIGURES } from "./figures.js";
import { keyOfLink, nameOfPage } from "./identity.js";
import { PhoneCard } from "./phone_card.js";
import { Publisher } from "./publisher.js";
import { WakeLock } from "./wake_lock.js";

const FIGURES_MS = 1000;

addMessages(WORDS);
setLanguage(preferredLanguage());

const publisher = new Publisher(keyOfLink(), nameOfPage());
const wakeLock = new WakeLock();
const figures = new FigureReader();
const phoneCard = new PhoneCard();
const preview = /** @type {HTMLVideoElement} */ (byId("preview"));
const sound = /** @type {HTMLInputElement} */ (byId("sound"));
/** @type {MediaStream | null} */
let stream = null;
let opening = false;
let state = "idle";
let seconds = 0;
/** What stands in the way, as the beginning of a message's key, with a sentence of the program's. */
let trouble = "";
let sentence = "";
let muted = false;
let heldAwake = WakeLock.known;

// The camera.

/** @param {string} name  of a group of radio buttons */
function chosen(name) {
  const input = document.querySelector(`input[name="${name}"]:checked`);
  return /** @type {HTMLInputElement} */ (input).value;
}

/** @returns {import("./capture.js").Wish} */
function wish() {
  return {
    facing: /** @type {import("./capture.js").Facing} */ (chosen("facing")),
    quality: /** @type {import("./capture.js").Quality} */ (chosen("quality")),
    sound: !byId("sound-choice").hidden && sound.checked,
  };
}

/** Switch the camera on as it is wished for now; false: it cannot be had, and the page says why. */
async function open() {
  const wanted = wish();
  // Phones cannot have two cameras on at once.
  closeCamera(stream);
  stream = null;
  opening = true;
  try {
    stream = await openCamera(wanted);
  } catch (error) {
    fail(reasonOf(error));
    return false;
  } finally {
    opening = false;
  }
  if (wanted.sound && stream.getAudioTracks().length === 0) toast(text("noSound"), "bad");
  preview.srcObject = stream;
  byId("player").toggleAttribute("data-mirrored", wanted.facing === "user");
  watchTrack(stream.getVideoTracks()[0]);
  return true;
}

/** @param {MediaStreamTrack} track */
function watchTrack(track) {
  muted = track.muted;
  const changed = () => {
    if (track !== stream?.getVideoTracks()[0]) return;
    muted = track.muted;
    show();
  };
  track.addEventListener("mute", changed);
  track.addEventListener("unmute", changed);
  track.addEventListener("ended", () => track === stream?.getVideoTracks()[0] && revive());
}

/** @param {boolean} [replace]  take the place of another phone */
async function start(replace = false) {
  if (opening) return;
  trouble = "";
  if (!(await open()) || stream === null) return;
  figures.reset();
  publisher.start(stream, wish().quality, replace);
  wakeLock.keep(true);
}

function stop() {
  publisher.stop();
  closeCamera(stream);
  stream = null;
  preview.srcObject = null;
  wakeLock.keep(false);
  show();
  showFigures();
}

/** Another camera, quality or sound while sending. */
async function change() {
  if (!publisher.running || opening) return;
  if (!(await open())) return;
  // Who pressed Stop while the camera opened does not want it.
  if (publisher.running) await publisher.swap(/** @type {MediaStream} */ (stream), wish().quality);
  else stop();
}

/** The phone is awake again, or the network back. */
async function revive(anyway = false) {
  if (!publisher.running || opening || document.hidden) return;
  if (!isAlive(stream)) await change();
  publisher.hurry(anyway);
}

/**
 * @param {string} reason  the beginning of a message's key
 * @param {string} [words]  what the program says itself
 */
function fail(reason, words = "") {
  trouble = reason;
  sentence = words;
  stop();
}

publisher.onstate = (/** @type {string} */ now, /** @type {number} */ until) => {
  if (now === "live") figures.reset();
  [state, seconds] = [now, until];
  show();
};
publisher.onrefused = (/** @type {Refused} */ refused) => fail(reasonOfRefusal(refused), refused.message);

/** @param {Refused} refused */
function reasonOfRefusal({ status, details }) {
  if (status === 401 || status === 403) return "key";
  if (status === 404) return "notWanted";
  return details.reason === "taken" ? "taken" : "refused";
}

// What the page shows.

function show() {
  byId("badge").dataset.state = { idle: "idle", live: "live" }[state] ?? "connecting";
  say(byId("badge-text"), text(`state_${state}`));
  say(byId("start"), text(publisher.running ? "stop" : "start"));
  byId("start").toggleAttribute("data-running", publisher.running);
  /** @type {HTMLButtonElement} */ (byId("start")).disabled = obstacle() !== null;
  showNotice();
  byId("awake").hidden = !publisher.running;
  say(byId("awake"), text(heldAwake ? "screenStaysOn" : "screenMayLock"));
}

function showNotice() {
  const key = trouble || (state === "waiting" ? "waiting" : muted && publisher.running ? "muted" : "");
  const shown = key || (publisher.running ? "" : "start");
  byId("notice").hidden = shown === "";
  byId("player").toggleAttribute("data-dimmed", shown !== "");
  byId("take-over").hidden = shown !== "taken";
  if (!shown) return;
  say(byId("notice-title"), text(`${shown}Title`));
  say(byId("notice-text"), shown === "refused" ? sentence : text(`${shown}Text`, { seconds }));
}

async function showFigures() {
  const connection = publisher.connection;
  const live = connection !== null && state === "live";
  const now = live ? figures.read((await connection.getStats()).values()) : NO_FIGURES;
  if (now.rttMs !== null) publisher.pace(now.rttMs, now.trips);
  say(byId("fps"), number(now.fps, 0));
  say(byId("kbps"), number(now.kbps, 0));
  say(byId("rtt"), number(now.rttMs, 0));
  say(byId("sent"), now.size ? `${now.size} ${now.codec ?? ""}` : "–");
}

/** Whether the program wants a camera, and its sound. */
async function ready() {
  try {
    const camera = await ask("/api/camera");
    byId("sound-choice").hidden = !camera.sound;
    if (!camera.wanted) trouble = "notWanted";
    else if (camera.operator) await phoneCard.show();
  } catch (error) {
    if (error instanceof Refused && error.status > 0) [trouble, sentence] = ["refused", error.message];
  }
}

// Start.

byId("start").addEventListener("click", () => (publisher.running ? stop() : start()));
byId("take-over").addEventListener("click", () => start(true));
for (const input of document.querySelectorAll(".choices input")) input.addEventListener("change", change);
byId("language").addEventListener("change", (event) => {
  setLanguage(/** @type {HTMLSelectElement} */ (event.target).value);
  show();
});
wakeLock.onchange = (/** @type {boolean} */ held) => {
  heldAwake = held;
  show();
};
document.addEventListener("visibilitychange", () => revive());
addEventListener("online", () => revive(true));
addEventListener("pageshow", () => revive());
addEventListener("pagehide", () => publisher.leave());
preview.addEventListener("resize", () => {
  byId("stage").style.setProperty("--aspect", String(preview.videoWidth / preview.videoHeight || 16 / 9));
});
/** @type {HTMLSelectElement} */ (byId("language")).value = document.documentElement.lang;
trouble = obstacle() ?? "";
show();
await ready();
show();
setInterval(showFigures, FIGURES_MS);
document.body.toggleAttribute("data-ready", true);
