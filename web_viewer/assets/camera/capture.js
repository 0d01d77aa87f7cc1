/** The phone's own camera and microphone, and in words why they cannot be had. */

/**
 * @typedef {"environment" | "user"} Facing
 * @typedef {"720p" | "1080p"} Quality
 *
 * @typedef {object} Wish
 * @property {Facing} facing
 * @property {Quality} quality
 * @property {boolean} sound
 */

const HEIGHTS = { "720p": 720, "1080p": 1080 };
const FPS = 30;

/**
 * What the browser is asked for. Nothing is exact: a camera that does less is better than none.
 * @param {Wish} wish
 * @returns {MediaStreamConstraints}
 */
export function constraints({ facing, quality, sound }) {
  const height = HEIGHTS[quality];
  return {
    video: {
      facingMode: { ideal: facing },
      width: { ideal: (height * 16) / 9 },
      height: { ideal: height },
      frameRate: { ideal: FPS, max: 60 },
    },
    // The phone may stand beside the loudspeakers that play what it hears.
    audio: sound && { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
  };
}

/** Why no camera can be had at all, as the key of a message, or null. */
export function obstacle() {
  if (!window.isSecureContext) return "insecure";
  if (!navigator.mediaDevices?.getUserMedia) return "noInterface";
  if (typeof RTCPeerConnection === "undefined") return "noWebrtc";
  return null;
}

/** @type {Record<string, string>} */
const REASONS = {
  NotAllowedError: "denied",
  SecurityError: "denied",
  NotFoundError: "noCamera",
  DevicesNotFoundError: "noCamera",
  OverconstrainedError: "noCamera",
  NotReadableError: "busy",
  AbortError: "busy",
  TrackStartError: "busy",
};

/**
 * The message that tells why the camera was refused.
 * @param {unknown} error  what getUserMedia threw
 */
export function reasonOf(error) {
  return REASONS[error instanceof DOMException ? error.name : ""] ?? "cameraFailed";
}

/**
 * Switch the camera on. A microphone that is missing or refused costs only the sound.
 * @param {Wish} wish
 * @returns {Promise<MediaStream>}
 */
export async function openCamera(wish) {
  const asked = constraints(wish);
  try {
    return await prepared(await navigator.mediaDevices.getUserMedia(asked));
  } catch (error) {
    if (!wish.sound) throw error;
    return prepared(await navigator.mediaDevices.getUserMedia({ ...asked, audio: false }));
  }
}

/** @param {MediaStream} stream */
function prepared(stream) {
  // Moving people: rather a softer picture than a slower one.
  for (const track of stream.getVideoTracks()) track.contentHint = "motion";
  return stream;
}

/** @param {MediaStream | null} stream */
export function closeCamera(stream) {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

/**
 * Whether the stream still gives pictures: phones end or mute the track when they sleep.
 * @param {MediaStream | null} stream
 */
export function isAlive(stream) {
  const track = stream?.getVideoTracks()[0];
  return track !== undefined && track.readyState === "live";
}
