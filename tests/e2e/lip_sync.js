// Watches and hears the room at `address`, and notes when claps are seen and heard, in ms of
// performance.now(): `lipSync.flashes` when the white picture is on the screen, `lipSync.clicks`
// when the tone leaves the loudspeaker.
async (address) => {
  const noted = { flashes: [], clicks: [] };
  const peer = new RTCPeerConnection();
  globalThis.lipSync = { ...noted, peer };
  peer.addTransceiver("video", { direction: "recvonly" });
  peer.addTransceiver("audio", { direction: "recvonly" });
  const context = new AudioContext();
  const listener = `registerProcessor("claps", class extends AudioWorkletProcessor {
    quiet = sampleRate;
    process([[samples]]) {
      for (let i = 0; samples && i < samples.length; i++) {
        if (Math.abs(samples[i]) < 0.2) { this.quiet++; continue; }
        if (this.quiet > sampleRate / 3) this.port.postMessage((currentFrame + i) / sampleRate);
        this.quiet = 0;
      }
      return true;
    }
  })`;
  const code = new Blob([listener], { type: "text/javascript" });
  await context.audioWorklet.addModule(URL.createObjectURL(code));
  const claps = new AudioWorkletNode(context, "claps");
  claps.port.onmessage = ({ data: begun }) => {
    const { contextTime, performanceTime } = context.getOutputTimestamp();
    noted.clicks.push(performanceTime + (begun - contextTime) * 1000);
  };
  claps.connect(context.destination);
  const video = document.createElement("video");
  video.muted = true;
  video.srcObject = new MediaStream();
  peer.ontrack = ({ track }) => {
    video.srcObject.addTrack(track);
    if (track.kind === "audio") {
      context.createMediaStreamSource(new MediaStream([track])).connect(claps);
    }
  };
  const pixel = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  let wasLit = true;
  const look = (now, { expectedDisplayTime }) => {
    pixel.drawImage(video, 0, 0, 1, 1);
    const isLit = pixel.getImageData(0, 0, 1, 1).data[1] > 128;
    if (isLit && !wasLit) noted.flashes.push(expectedDisplayTime);
    wasLit = isLit;
    video.requestVideoFrameCallback(look);
  };
  video.requestVideoFrameCallback(look);
  await context.resume();
  await peer.setLocalDescription(await peer.createOffer());
  const headers = { "Content-Type": "application/sdp" };
  const body = peer.localDescription.sdp;
  const answer = await fetch(address, { method: "POST", headers, body });
  if (!answer.ok) throw new Error(await answer.text());
  await peer.setRemoteDescription({ type: "answer", sdp: await answer.text() });
  await video.play();
}
