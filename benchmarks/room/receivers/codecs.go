package main

import (
	"fmt"
	"net"
	"os"

	"github.com/pion/ice/v2"
	"github.com/pion/interceptor"
	"github.com/pion/logging"
	"github.com/pion/webrtc"
)

const (
	videoClockHz = 90000

	// RFC 6184, table 1 and section 5.2.
	nalType    = 0x1f
	nalIDR     = 5
	nalSPS     = 7
	nalStapA   = 24
	nalFuA     = 28
	fuStart    = 0x80
	stapPrefix = 3

	// RFC 7741, section 4.2.
	vp8Extended     = 0x80
	vp8Start        = 0x10
	vp8PictureID    = 0x80
	vp8LongID       = 0x80
	vp8Level        = 0x40
	vp8KeyIndex     = 0x30
	vp8NotKeyframe  = 0x01
	vp8PartitionBit = 0x07
)

var formats = map[string]webrtc.RTPCodecParameters{
	"H264": {
		RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType:    webrtc.MimeTypeH264,
			SDPFmtpLine: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
		},
		PayloadType: 108,
	},
	"VP8": {
		RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8},
		PayloadType:        96,
	},
}

var extensions = []string{
	"urn:ietf:params:rtp-hdrext:sdes:mid",
	"http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
	"http://www.webrtc.org/experiments/rtp-hdrext/playout-delay",
}

// A browser's answers to loss (NACK, receiver reports), for one codec only.
func newAPI(codec string) (*webrtc.API, error) {
	format, known := formats[codec]
	if !known {
		return nil, fmt.Errorf("unknown codec %s", codec)
	}
	format.ClockRate = videoClockHz
	// ConfigureNack adds nack and nack pli.
	format.RTCPFeedback = []webrtc.RTCPFeedback{
		{Type: "ccm", Parameter: "fir"}, {Type: "goog-remb"},
	}
	media := &webrtc.MediaEngine{}
	if err := media.RegisterCodec(format, webrtc.RTPCodecTypeVideo); err != nil {
		return nil, err
	}
	for _, uri := range extensions {
		extension := webrtc.RTPHeaderExtensionCapability{URI: uri}
		if err := media.RegisterHeaderExtension(extension, webrtc.RTPCodecTypeVideo); err != nil {
			return nil, err
		}
	}
	chain := &interceptor.Registry{}
	if err := webrtc.ConfigureNack(media, chain); err != nil {
		return nil, err
	}
	if err := webrtc.ConfigureRTCPReports(chain); err != nil {
		return nil, err
	}
	return webrtc.NewAPI(webrtc.WithMediaEngine(media), webrtc.WithInterceptorRegistry(chain),
		webrtc.WithSettingEngine(loopbackOnly())), nil
}

// The server is on this machine: one candidate is enough, and no other network is asked.
func loopbackOnly() webrtc.SettingEngine {
	settings := webrtc.SettingEngine{}
	// Standard output is for our answers.
	loggers := logging.NewDefaultLoggerFactory()
	loggers.Writer = os.Stderr
	settings.LoggerFactory = loggers
	settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetIPFilter(net.IP.IsLoopback)
	return settings
}

func startsH264Keyframe(payload []byte) bool {
	if len(payload) < 2 {
		return false
	}
	switch kind := payload[0] & nalType; kind {
	case nalIDR, nalSPS:
		return true
	case nalStapA:
		return len(payload) > stapPrefix && payload[stapPrefix]&nalType == nalSPS
	case nalFuA:
		return payload[1]&fuStart != 0 && payload[1]&nalType == nalIDR
	}
	return false
}

func startsVP8Keyframe(payload []byte) bool {
	if len(payload) < 2 || payload[0]&vp8Start == 0 || payload[0]&vp8PartitionBit != 0 {
		return false
	}
	header := 1
	if payload[0]&vp8Extended != 0 {
		header = 2
		if payload[1]&vp8PictureID != 0 {
			header++
			if len(payload) > 2 && payload[2]&vp8LongID != 0 {
				header++
			}
		}
		if payload[1]&vp8Level != 0 {
			header++
		}
		if payload[1]&vp8KeyIndex != 0 {
			header++
		}
	}
	return len(payload) > header && payload[header]&vp8NotKeyframe == 0
}
