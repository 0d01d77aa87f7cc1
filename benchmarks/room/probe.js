// Joins a WHEP room in a page of its own and notes when each picture was captured and shown.
// The barcode's functions (ticksNow, readBarcode, TICKS) are put before it.
window.probe = {
  shown: [],
  joinedMs: null,
  firstMs: null,
  unread: 0,
  async join(whep, codec) {
    const began = performance.now();
    const peer = (this.peer = new RTCPeerConnection());
    const video = (this.video = Object.assign(document.createElement('video'), {
      muted: true, autoplay: true, playsInline: true,
    }));
    document.body.replaceChildren(video);
    const transceiver = peer.addTransceiver('video', {direction: 'recvonly'});
    this.prefer(transceiver, codec);
    peer.ontrack = ({track, streams}) => {
      video.srcObject = streams[0] ?? new MediaStream([track]);
    };
    peer.onconnectionstatechange = () => {
      if (peer.connectionState === 'connected') this.joinedMs ??= performance.now() - began;
    };
    video.requestVideoFrameCallback(() => (this.firstMs = performance.now() - began));
    this.watch(video);
    await peer.setLocalDescription(await peer.createOffer());
    const answer = await fetch(whep, {
      method: 'POST', headers: {'Content-Type': 'application/sdp'}, body: peer.localDescription.sdp,
    });
    if (answer.status !== 201) throw new Error(`${answer.status}: ${await answer.text()}`);
    this.location = new URL(answer.headers.get('Location'), whep);
    await peer.setRemoteDescription({type: 'answer', sdp: await answer.text()});
    return true;
  },
  prefer(transceiver, codec) {
    const wanted = [`video/${codec}`, 'video/rtx'].map((name) => name.toLowerCase());
    const codecs = RTCRtpReceiver.getCapabilities('video').codecs;
    const left = codecs.filter((one) => wanted.includes(one.mimeType.toLowerCase()));
    transceiver.setCodecPreferences?.(left);
  },
  watch(video) {
    const note = (_, picture) => {
      const at = performance.now();
      const captured = readBarcode(video);
      if (captured === null) this.unread++;
      else {
        this.shown.push({
          at,
          captured,
          presentedMs: this.since(captured, picture.presentationTime),
          seenMs: this.since(captured, at),
          width: picture.width,
        });
      }
      video.requestVideoFrameCallback(note);
    };
    video.requestVideoFrameCallback(note);
  },
  since(captured, moment) {
    // Either may be a tick ahead of the other: the clocks are read one after the other.
    const ticks = (ticksNow(moment) - captured + TICKS) % TICKS;
    return (ticks > TICKS / 2 ? ticks - TICKS : ticks) / 10;
  },
  take() {
    const {shown, unread} = this;
    this.shown = [];
    this.unread = 0;
    return {shown, unread};
  },
  async inbound() {
    const report = await this.peer.getStats();
    return [...report.values()].find((one) => one.type === 'inbound-rtp' && one.kind === 'video');
  },
  colors(points) {
    const {video} = this;
    const paper = new OffscreenCanvas(video.videoWidth, video.videoHeight).getContext('2d', {
      willReadFrequently: true,
    });
    paper.drawImage(video, 0, 0);
    return points.map(([x, y]) => [...paper.getImageData(
      Math.floor(x * video.videoWidth), Math.floor(y * video.videoHeight), 1, 1).data].slice(0, 3));
  },
  async wish(wish) {
    const asked = performance.now();
    const answer = await fetch(this.location, {
      method: 'PATCH', headers: {'Content-Type': 'application/json'}, body: JSON.stringify(wish),
    });
    if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
    return asked;
  },
  async leave() {
    this.peer.close();
    await fetch(this.location, {method: 'DELETE'});
    return true;
  },
};
