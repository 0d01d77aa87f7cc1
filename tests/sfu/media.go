package main

import (
	"fmt"
	"strings"
	"sync"

	"github.com/pion/interceptor"
	"github.com/pion/rtp"
	"github.com/pion/webrtc"
)

const playoutDelay = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"

var feedback = []webrtc.RTCPFeedback{
	{Type: "nack"}, {Type: "nack", Parameter: "pli"}, {Type: "ccm", Parameter: "fir"}, {Type: "goog-remb"},
}

var known = map[string]webrtc.RTPCodecParameters{
	"H264": {PayloadType: 108, RTPCodecCapability: webrtc.RTPCodecCapability{
		MimeType: webrtc.MimeTypeH264, ClockRate: 90000, RTCPFeedback: feedback,
		SDPFmtpLine: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
	}},
	"VP8": {PayloadType: 96, RTPCodecCapability: webrtc.RTPCodecCapability{
		MimeType: webrtc.MimeTypeVP8, ClockRate: 90000, RTCPFeedback: feedback,
	}},
}

var opus = webrtc.RTPCodecParameters{PayloadType: 111, RTPCodecCapability: webrtc.RTPCodecCapability{
	MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2,
}}

// newConnection makes a peer connection that speaks the named codecs and asks again for what is lost.
func newConnection(codecs string) (*webrtc.PeerConnection, error) {
	media := &webrtc.MediaEngine{}
	for _, name := range strings.Split(codecs, ",") {
		codec, found := known[name]
		if !found {
			return nil, fmt.Errorf("codec %q is unknown", name)
		}
		if err := media.RegisterCodec(codec, webrtc.RTPCodecTypeVideo); err != nil {
			return nil, err
		}
	}
	if err := media.RegisterCodec(opus, webrtc.RTPCodecTypeAudio); err != nil {
		return nil, err
	}
	if err := media.RegisterHeaderExtension(
		webrtc.RTPHeaderExtensionCapability{URI: playoutDelay}, webrtc.RTPCodecTypeVideo,
	); err != nil {
		return nil, err
	}
	registry := &interceptor.Registry{}
	if err := webrtc.ConfigureNack(media, registry); err != nil {
		return nil, err
	}
	if err := webrtc.ConfigureRTCPReports(registry); err != nil {
		return nil, err
	}
	api := webrtc.NewAPI(webrtc.WithMediaEngine(media), webrtc.WithInterceptorRegistry(registry))
	return api.NewPeerConnection(webrtc.Configuration{})
}

// counted is what came over one track; a picture is what shares a timestamp.
type counted struct {
	Packets   int `json:"packets"`
	Pictures  int `json:"pictures"`
	Keyframes int `json:"keyframes"`
	Gaps      int `json:"gaps"`
}

type tally struct {
	counted
	mutex     sync.Mutex
	timestamp uint32
	sequence  uint16
	inKey     bool
}

func (t *tally) add(packet *rtp.Packet, mime string) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.Packets > 0 && packet.SequenceNumber != t.sequence+1 {
		t.Gaps++
	}
	if t.Packets == 0 || packet.Timestamp != t.timestamp {
		t.Pictures++
		t.inKey = false
	}
	if !t.inKey && startsKeyframe(packet.Payload, mime) {
		t.inKey = true
		t.Keyframes++
	}
	t.Packets++
	t.timestamp, t.sequence = packet.Timestamp, packet.SequenceNumber
}

func (t *tally) now() counted {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return t.counted
}

// startsKeyframe: RFC 6184 section 5.2 (an IDR slice, whole, aggregated or the first fragment),
// RFC 7741 section 4 (the first partition's first packet, with the inverse key frame bit not set).
func startsKeyframe(payload []byte, mime string) bool {
	if len(payload) < 2 {
		return false
	}
	if mime == webrtc.MimeTypeH264 {
		return startsIDR(payload)
	}
	return mime == webrtc.MimeTypeVP8 && startsVP8Keyframe(payload)
}

func startsIDR(payload []byte) bool {
	const idr, stapA, fuA = 5, 24, 28
	switch payload[0] & 0x1f {
	case idr:
		return true
	case fuA:
		return payload[1]&0x80 != 0 && payload[1]&0x1f == idr
	case stapA:
		for rest := payload[1:]; len(rest) > 2; {
			size := int(rest[0])<<8 | int(rest[1])
			if rest[2]&0x1f == idr {
				return true
			}
			if size+2 > len(rest) {
				return false
			}
			rest = rest[size+2:]
		}
	}
	return false
}

func startsVP8Keyframe(payload []byte) bool {
	const extended, start = 0x80, 0x10
	if payload[0]&start == 0 || payload[0]&0x0f != 0 {
		return false
	}
	at := 1
	if payload[0]&extended != 0 {
		bits := payload[1]
		at = 2
		if bits&0x80 != 0 && len(payload) > at {
			at += 1 + int(payload[at]>>7)
		}
		if bits&0x40 != 0 {
			at++
		}
		if bits&0x30 != 0 {
			at++
		}
	}
	return len(payload) > at && payload[at]&1 == 0
}
