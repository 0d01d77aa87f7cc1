/** Addresses of this browser that are found after its offer, as a fragment of SDP (RFC 8840). Pure. */

/**
 * @param {string} offer  SDP, which has the credentials that go with them
 * @param {readonly Pick<RTCIceCandidate, "candidate" | "sdpMid">[]} candidates
 */
export function fragmentOf(offer, candidates) {
  const credentials = ["ice-ufrag", "ice-pwd"].flatMap((name) => new RegExp(`a=${name}:\\S+`).exec(offer) ?? []);
  const sections = candidates.flatMap(({ candidate, sdpMid }) => [
    "m=video 9 UDP/TLS/RTP/SAVPF 0",
    `a=mid:${sdpMid}`,
    `a=${candidate}`,
  ]);
  return [...credentials, ...sections, ""].join("\r\n");
}
