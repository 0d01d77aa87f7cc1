/** One WebRTC connection to the room: from the offer to the first picture, and to its end. */

import { Refused } from "../ask.js";
import { preferences, withStereo } from "./codecs.js";
import { failure, failureOf } from "./failures.js";
import { fragmentOf } from "./trickle.js";
import { WhepClient } from "./whep_client.js";

/** @typedef {import("./types.js").Wish} Wish */
/** @typedef {import("./types.js").Failure} Failure */

const FIRST_PICTURE_MS = 8000;
// A phone that changes networks is back within a second or two, or not at all.
const DISCONNECTED_MS = 2500;
// One retransmission more than the network usually needs.
const SMOOTH_BUFFER_MS = 150;

export class Connection {
  /** Called once there is something to play. @type {(stream: MediaStream) => void} */
  onstream = () => {};
  /** Called once, when it did not come about or ended. @type {(why: Failure) => void} */
  onfailure = () => {};
  /** Whether a picture has come. */
  shown = false;
  hears = false;
  #pc;
  #timer = 0;
  #over = false;
  /** Of our addresses, those that the program has not been told. @type {RTCIceCandidate[]} */
  #untold = [];

  /**
   * @param {string} shot
   * @param {Wish} wish
   * @param {RTCIceServer[]} iceServers
   * @param {Record<string, string>} headers
   */
  constructor(shot, wish, iceServers, headers) {
    this.shot = shot;
    this.wish = wish;
    this.whep = new WhepClient(location.origin, headers);
    this.#pc = new RTCPeerConnection({ iceServers, bundlePolicy: "max-bundle" });
    this.#pc.onconnectionstatechange = () => this.#stateChanged();
    // A program behind a router must send to us first; such a one has STUN servers.
    if (iceServers.length > 0) this.#pc.onicecandidate = ({ candidate }) => this.#trickle(candidate);
  }

  async open() {
    this.#expect(FIRST_PICTURE_MS, "no_picture");
    try {
      await this.#negotiate();
    } catch (error) {
      if (error instanceof Refused) this.#fail(failureOf(error.status, error.message, error.details));
      else if (!this.#over) this.#fail(failureOf(400, error instanceof Error ? error.message : ""));
    }
  }

  async #negotiate() {
    const pc = this.#pc;
    const video = pc.addTransceiver("video", { direction: "recvonly" });
    // Sound is negotiated by everybody, so that unmuting later takes no new connection.
    const audio = pc.addTransceiver("audio", { direction: "recvonly" });
    prefer(video, this.wish.codec);
    this.setMode(this.wish.mode);
    const offer = await pc.createOffer();
    const sdp = withStereo(offer.sdp ?? "");
    await pc.setLocalDescription({ type: "offer", sdp });
    // Candidates are not waited for: the program finds this browser by its first packet.
    const answer = await this.whep.join(this.shot, sdp, this.wish);
    if (this.#over) return this.whep.leave();
    await pc.setRemoteDescription({ type: "answer", sdp: answer });
    this.#trickle(null);
    this.#stateChanged();
    this.hears = audio.currentDirection === "recvonly";
    const transport = video.receiver.transport;
    if (transport) transport.onstatechange = () => transport.state === "closed" && this.#fail(failure("cut"));
    const tracks = this.hears ? [video.receiver.track, audio.receiver.track] : [video.receiver.track];
    this.onstream(new MediaStream(tracks));
  }

  /** A frame was shown: from now on silence is a freeze. */
  pictureCame() {
    this.shown = true;
    clearTimeout(this.#timer);
  }

  /** The picture stands still: give up. */
  freeze() {
    this.#fail(failure("frozen"));
  }

  /** @param {import("./types.js").Mode} mode */
  setMode(mode) {
    for (const receiver of this.#pc.getReceivers()) {
      if ("jitterBufferTarget" in receiver) {
        receiver.jitterBufferTarget = mode === "smooth" ? SMOOTH_BUFFER_MS : 0;
      }
    }
  }

  stats() {
    return this.#pc.getStats();
  }

  /** When the newest frame arrived, where the browser tells. */
  get newest() {
    const video = this.#pc.getReceivers().find(({ track }) => track.kind === "video");
    return video?.getSynchronizationSources?.()[0] ?? null;
  }

  /** End it; nothing is called any more. */
  close() {
    this.#over = true;
    clearTimeout(this.#timer);
    // In this order: a connection that closes takes the place with it, and none is left to give back.
    this.whep.leave().finally(() => this.#pc.close());
  }

  /** @param {RTCIceCandidate | null} candidate  null: no more of them, or only the place is new */
  #trickle(candidate) {
    if (candidate?.candidate) this.#untold.push(candidate);
    if (!this.whep.joined || this.#untold.length === 0) return;
    this.whep.trickle(fragmentOf(this.#pc.localDescription?.sdp ?? "", this.#untold.splice(0)));
  }

  #stateChanged() {
    const state = this.#pc.connectionState;
    // Firefox without a network fails before the program says that it has none, either.
    if (!this.whep.joined) return;
    if (state === "failed") this.#fail(failure(this.shown ? "cut" : "no_way"));
    else if (state === "disconnected") this.#expect(DISCONNECTED_MS, "cut");
    else if (state === "connected" && this.shown) clearTimeout(this.#timer);
  }

  /**
   * Fail unless something better happens first.
   * @param {number} ms
   * @param {"no_picture" | "cut"} code
   */
  #expect(ms, code) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const connected = this.#pc.connectionState === "connected";
      this.#fail(failure(code === "no_picture" && !connected ? "no_way" : code));
    }, ms);
  }

  /** @param {Failure} why */
  #fail(why) {
    if (this.#over) return;
    this.close();
    this.onfailure(why);
  }
}

/**
 * Before the offer becomes the local description: afterwards nothing would be decoded.
 * @param {RTCRtpTransceiver} video
 * @param {Wish["codec"]} wish
 */
function prefer(video, wish) {
  const receivable = RTCRtpReceiver.getCapabilities?.("video")?.codecs ?? [];
  const codecs = preferences(receivable, wish);
  const best = codecs.length ? codecs : preferences(receivable, "auto");
  // With none in common the browser offers what it has, and the program says what it sends.
  if (best.length) video.setCodecPreferences?.(best);
}
