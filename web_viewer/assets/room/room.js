/** The room's page: puts its parts together, from the card to the picture. */

import { Refused, ask, isOperator } from "../ask.js";
import { byId, icon, say } from "../dom.js";
import { addMessages, preferredLanguage, setLanguage, text } from "../messages.js";
import { toast } from "../notices.js";
import { StatusFeed } from "../status_feed.js";
import { keepChoices, keptChoices } from "./choices.js";
import { decodable } from "./codecs.js";
import { failure, failureOf } from "./failures.js";
import { headersFor, readLink, takeInvitation } from "./invitation.js";
import { JoinCard, watching } from "./join_card.js";
import { listen } from "./keys.js";
import { LivePlayer } from "./live_player.js";
import { Offers, wishOf } from "./offers.js";
import { PlainPicture } from "./plain_picture.js";
import { cameraState, showFigures } from "./program_figures.js";
import { WORDS } from "./room_messages.js";
import { Sharing } from "./sharing.js";
import { SoundQuestion } from "./sound_question.js";
import { Stage, toggleFullscreen, togglePictureInPicture } from "./stage.js";
import { StatsPanel } from "./stats_panel.js";

/** @typedef {import("./types.js").RoomInfo} RoomInfo */
/** @typedef {import("./types.js").Failure} Failure */
/** @typedef {import("./types.js").Served} Served */
/** @typedef {import("./types.js").Sample} Sample */
/** @typedef {import("./types.js").Delay} Delay */
/** @typedef {import("./types.js").Wish} Wish */

const ROOM_MS = 5000;
// A hundred viewers ask for them: once a second is enough for who is followed.
const EVENTS_HZ = 1;

addMessages(WORDS);
setLanguage(preferredLanguage());

const shot = decodeURIComponent(location.pathname.split("/")[2] ?? "");
const streamUrl = `/stream/${encodeURIComponent(shot)}.mjpg`;
const invitation = takeInvitation(shot);
const headers = headersFor(invitation.token);
const playable = decodable(globalThis.RTCRtpReceiver?.getCapabilities?.("video")?.codecs ?? []);
const video = /** @type {HTMLVideoElement} */ (byId("video"));

const player = new LivePlayer(video, shot, headers);
// An <img> sends no header of ours.
const plainUrl = invitation.token ? `${streamUrl}?t=${encodeURIComponent(invitation.token)}` : streamUrl;
const plain = new PlainPicture(plainUrl, shot);
const card = new JoinCard(shot, playable, headers);
const stage = new Stage(shot);
const menu = new Offers("menu", playable);
const soundQuestion = new SoundQuestion();
const figures = new StatsPanel();
const sharing = new Sharing(shot, streamUrl, headers);
const feed = new StatusFeed(EVENTS_HZ);

let choices = keptChoices();
/** @type {RoomInfo | null} */
let room = null;
/** Why live video cannot be had, as far as that is known before joining. @type {Failure | null} */
let obstacle = null;
/** @type {"card" | "live" | "plain"} */
let place = "card";
/** Why the plain picture is shown. @type {Failure | null} */
let plainWhy = null;
/** @type {any} */
let status = null;
let roomTimer = 0;

// The room, as the program describes it.

async function learnRoom() {
  clearTimeout(roomTimer);
  try {
    room = await ask(`/api/room/${encodeURIComponent(shot)}`, { headers });
    obstacle = globalThis.RTCPeerConnection ? null : failure("no_webrtc");
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    obstacle = failureOf(error.status, error.message, error.details);
  }
  if (room) player.iceServers = room.ice_servers;
  showRoom();
  roomTimer = setTimeout(() => !document.hidden && place === "card" && learnRoom(), ROOM_MS);
}

function showRoom() {
  card.show(room, choices, obstacle);
  menu.show(room, choices);
  sharing.show(room);
  card.showSource(status?.source.name ?? "");
  showViewers(room?.viewers);
  if (place === "card") showBadge(obstacle?.code === "away" ? "away" : cameraBadge());
}

/** @param {number | undefined} count */
function showViewers(count) {
  byId("viewers").hidden = !count || place === "card";
  if (!count) return;
  say(byId("viewers-count"), String(count));
  say(byId("viewers-words"), watching(count));
  byId("viewers").title = watching(count);
}

// Joining and leaving.

function join() {
  card.close();
  byId("room").hidden = false;
  byId("leave").hidden = false;
  if (obstacle?.plain) return showPlain(obstacle);
  place = "live";
  byId("plain-note").hidden = true;
  byId("connection").hidden = false;
  // Sound without a click before it would be refused, and the picture with it.
  video.muted = choices.same_room || !navigator.userActivation?.hasBeenActive;
  player.start(wishOf(choices, room, playable));
}

function leave() {
  place = "card";
  player.stop();
  plain.stop();
  figures.clear();
  if (document.fullscreenElement) document.exitFullscreen();
  soundQuestion.close();
  for (const part of ["room", "leave", "play", "viewers"]) byId(part).hidden = true;
  card.open();
  learnRoom();
  byId("join-button").focus();
}

/**
 * The picture without sound and measurements, where live video cannot be had.
 * @param {Failure} why
 */
function showPlain(why) {
  place = "plain";
  player.stop();
  stage.enter("plain");
  stage.allowSound(false);
  stage.chip(text("plain"));
  byId("play").hidden = true;
  byId("connection").hidden = true;
  byId("plain-note").hidden = false;
  byId("plain-note").dataset.code = why.code;
  say(byId("plain-title"), `${text("plainTitle")} ${text(`failed_${why.code}`)}.`);
  say(byId("plain-text"), text(`failed_${why.code}_text`, why.values));
  byId("plain-retry").hidden = why.code === "no_webrtc";
  plainWhy = why;
  plain.start();
}

// Live video.

player.onjoining = () => {
  if (stage.phase !== "waiting") stage.enter("joining");
  stage.chip(text("joining"));
  stage.next(text("nextTryNow"));
  showBadge("connecting");
};
player.onplaying = () => {
  stage.enter("live");
  stage.allowSound(player.hears && (room?.sound ?? true));
  // A first picture may come though the browser waits for a click.
  if (byId("play").hidden) stage.chip(text("live"));
  showBadge(cameraBadge());
};
player.onstill = (/** @type {boolean} */ still) => {
  stage.enter(still ? "still" : "live");
  if (still) stage.chip(text("still"));
};
player.onblocked = () => {
  byId("play").hidden = false;
  stage.enter("live");
  stage.chip(text("blocked"));
};
player.onwaiting = (/** @type {Failure} */ why, /** @type {number | null} */ seconds) => {
  stage.enter("waiting");
  stage.chip("");
  const next = seconds === null ? "" : text("nextTry", { seconds });
  stage.notice(text(`failed_${why.code}`), text(`failed_${why.code}_text`, why.values), next);
  showBadge(why.code === "away" ? "away" : "waiting");
  byId("play").hidden = true;
  figures.clear();
};
player.onplain = showPlain;
player.onserved = (/** @type {Served} */ served) => {
  figures.serve(served);
  showViewers(served.viewers);
};
player.onsample = (/** @type {Sample} */ sample, /** @type {Delay | null} */ delay, /** @type {number | null} */ uncertainty) => {
  figures.show(sample, delay, uncertainty);
  if (stage.phase !== "live" || !byId("play").hidden) return;
  const about = delay?.estimated ? "≈ " : "";
  stage.chip(delay ? text("liveDelay", { ms: about + delay.p50_ms.toFixed(0) }) : text("live"));
};
video.addEventListener("playing", () => (byId("play").hidden = true));
// Closing the small window, or a key for media, pauses; of a live picture nothing is missed.
video.addEventListener("pause", () => place === "live" && video.srcObject && !document.hidden && player.onblocked());
video.addEventListener("leavepictureinpicture", () => place === "live" && player.play());
// An invitation that is opened where the room is open already changes the fragment alone.
window.addEventListener("hashchange", () => readLink(location.hash, "").token && location.reload());

/** @param {Partial<Wish>} change */
async function change(change) {
  try {
    const served = await player.change(change);
    const { width, height } = served ?? {};
    if (change.height && width && height) toast(text("changed", { width, height }));
  } catch (error) {
    const reason = error instanceof Error ? error.message : "";
    toast(text("notChanged", { reason: reason || text("unknownReason") }), "bad");
  }
}

/** @param {Partial<import("./choices.js").Choices>} change */
function choose(change) {
  choices = { ...choices, ...change };
  keepChoices(choices);
  card.show(room, choices, obstacle);
  menu.show(room, choices);
}

card.onchoose = choose;
card.onjoin = join;
menu.onchoose = (/** @type {Partial<Wish>} */ chosen) => {
  choose(chosen);
  change(chosen);
};

// Sound.

stage.onsound = (/** @type {boolean} */ wanted) => {
  if (wanted && choices.same_room) soundQuestion.ask();
  else hear(wanted);
};
soundQuestion.onelsewhere = () => {
  choose({ same_room: false });
  hear(true);
};

/** @param {boolean} wanted */
function hear(wanted) {
  video.muted = !wanted;
  return change({ sound: wanted });
}

// What the program says of the shot.

feed.onopen = () => {
  if (place === "card") learnRoom();
  else if (place === "live") player.retry();
  else plain.start();
};
feed.onaway = async (/** @type {number} */ seconds) => {
  status = null;
  showFigures(null, shot);
  if (place === "card") return learnRoom();
  if (place === "live") return;
  plain.stop();
  showBadge("away");
  stage.enter("plain");
  const why = failureOf(0, "");
  stage.notice(text(`failed_${why.code}`), text(`failed_${why.code}_text`), text("nextTry", { seconds }));
};
feed.onstatus = (/** @type {any} */ now) => {
  status = now;
  showFigures(status, shot);
  card.showSource(status.source.name);
  if (place === "card" ? obstacle?.code !== "away" : ["live", "still", "plain"].includes(stage.phase)) showBadge(cameraBadge());
};

function cameraBadge() {
  return status ? cameraState(status, shot) : place === "card" ? "connecting" : "live";
}

/** @param {string} state */
function showBadge(state) {
  byId("badge").dataset.state = state;
  say(byId("badge-text"), text(state));
  /** @type {HTMLButtonElement} */ (byId("snapshot")).disabled = state === "away";
}

plain.onplaying = () => {
  byId("notice").hidden = true;
  showBadge(cameraBadge());
};
plain.onfailure = (/** @type {string} */ reason) => {
  if (byId("badge").dataset.state !== "away") stage.notice(text("refusedTitle"), reason, "");
};

// The page.

function showLanguage() {
  stage.show();
  showRoom();
  if (status) showFigures(status, shot);
  if (place === "plain" && plainWhy) showPlain(plainWhy);
}

stage.onfill = (/** @type {boolean} */ fill) => {
  stage.fill(fill);
  choose({ fill });
};
byId("play").addEventListener("click", () => player.play());
byId("retry").addEventListener("click", () => {
  feed.start();
  player.retry();
});
byId("plain-retry").addEventListener("click", async () => {
  plain.stop();
  await learnRoom();
  join();
});
byId("viewers").prepend(icon("live"));
byId("leave").append(icon("leave"));
byId("leave").addEventListener("click", leave);
const language = /** @type {HTMLSelectElement} */ (byId("language"));
language.value = document.documentElement.lang;
language.addEventListener("change", () => {
  setLanguage(language.value);
  showLanguage();
});
document.addEventListener("visibilitychange", () => !document.hidden && place === "card" && learnRoom());
listen({
  f: toggleFullscreen,
  s: () => stage.snapshot(),
  m: () => place === "live" && player.hears && stage.onsound(video.muted),
  p: togglePictureInPicture,
  Escape: () => byId("stage").classList.remove("filling"),
});

document.title = `${shot} · LiveTrack`;
byId("menu-choices").replaceChildren(...menu.changeable);
stage.fill(choices.fill);
const operator = isOperator().catch(() => false);
operator.then((signedIn) => {
  const link = /** @type {HTMLAnchorElement} */ (byId("csv"));
  link.hidden = !signedIn;
  if (signedIn) link.href = `/api/room/${encodeURIComponent(shot)}/stats.csv`;
});
feed.start();
await learnRoom();
if (invitation.join) join();
else card.open();
