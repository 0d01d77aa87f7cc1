/** Which codecs and sizes a viewer can have, and why not the others. Pure. */

/** @typedef {import("./types.js").CodecName} CodecName */
/** @typedef {import("./types.js").RoomInfo} RoomInfo */
/** @typedef {import("./types.js").Rendition} Rendition */
/** @typedef {{mimeType: string, sdpFmtpLine?: string}} Codec */

/** In the order of preference: most devices decode H.264 in hardware. @type {CodecName[]} */
export const CODECS = ["H264", "VP8"];
const HEIGHTS = [1080, 720, 540, 360];

/**
 * @param {Codec} codec
 * @param {CodecName} name
 */
function is(codec, name) {
  if (codec.mimeType.toLowerCase() !== `video/${name.toLowerCase()}`) return false;
  // The program sends several packets a picture: that is packetization mode 1.
  return name !== "H264" || /packetization-mode=1/.test(codec.sdpFmtpLine ?? "");
}

/**
 * The codecs a browser can decode.
 * @param {readonly Codec[]} receivable  of RTCRtpReceiver.getCapabilities("video")
 * @returns {CodecName[]}
 */
export function decodable(receivable) {
  return CODECS.filter((name) => receivable.some((codec) => is(codec, name)));
}

/**
 * What to offer, best first, with retransmission; everything else is left out.
 * @template {Codec} C
 * @param {readonly C[]} receivable
 * @param {"auto" | CodecName} wish
 * @returns {C[]}
 */
export function preferences(receivable, wish) {
  const names = wish === "auto" ? CODECS : [wish];
  const wanted = names.flatMap((name) => {
    const of = receivable.filter((codec) => is(codec, name));
    // Constrained Baseline, which is what is sent; other profiles only where it is not named.
    const baseline = of.filter((codec) => /profile-level-id=42e0/i.test(codec.sdpFmtpLine ?? ""));
    return name === "H264" && baseline.length > 0 ? baseline : of;
  });
  if (wanted.length === 0) return [];
  return [...wanted, ...receivable.filter(({ mimeType }) => /\/rtx$/i.test(mimeType))];
}

/**
 * Why a codec cannot be chosen: a message key, or "" when it can.
 * @param {CodecName} name
 * @param {readonly CodecName[]} decodable
 * @param {RoomInfo | null} room
 */
export function codecObstacle(name, decodable, room) {
  if (!decodable.includes(name)) return "codecNotHere";
  return room && !room.codecs.includes(name) ? "codecNotSent" : "";
}

/**
 * The sizes to choose from: those sent, and the usual ones that are not, largest first.
 * `side` is the shorter side, by which sizes are called.
 * @param {RoomInfo} room
 * @returns {{side: number, rendition: Rendition | null}[]}
 */
export function sizes(room) {
  const sent = room.renditions.map((rendition) => ({
    side: Math.min(rendition.width, rendition.height),
    rendition,
  }));
  const others = HEIGHTS.filter((side) => sent.every((each) => each.side !== side));
  return [...sent, ...others.map((side) => ({ side, rendition: null }))].sort(
    (one, other) => other.side - one.side,
  );
}

/**
 * Ask for two channels: without it browsers hear one.
 * @param {string} sdp
 */
export function withStereo(sdp) {
  return sdp.replace(/(a=fmtp:\d+ [^\r\n]*useinbandfec=1)(?![^\r\n]*stereo=)/g, "$1;stereo=1");
}
