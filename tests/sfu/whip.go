package main

import (
	"fmt"
	"net/http"

	"github.com/pion/webrtc"
)

// A publisher is whose picture the viewers get.
type publisher struct {
	connection   *webrtc.PeerConnection
	location     string
	ssrc         uint32
	video, audio tally
	picture      *webrtc.TrackLocalStaticRTP
	sound        *webrtc.TrackLocalStaticRTP
}

func (s *server) allowed(w http.ResponseWriter, r *http.Request) bool {
	if s.token == "" || r.Header.Get("Authorization") == "Bearer "+s.token {
		return true
	}
	s.mutex.Lock()
	s.count.Refused++
	s.mutex.Unlock()
	status := http.StatusForbidden
	if r.Header.Get("Authorization") == "" {
		status = http.StatusUnauthorized
	}
	http.Error(w, "the token is wrong", status)
	return false
}

func (s *server) whip(w http.ResponseWriter, r *http.Request) {
	if !s.allowed(w, r) {
		return
	}
	offer := readOffer(w, r)
	if offer == "" {
		return
	}
	connection, err := newConnection(s.codecs)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	p := s.welcome(connection)
	connection.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) { s.forward(p, track) })
	connection.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		if state == webrtc.PeerConnectionStateFailed || state == webrtc.PeerConnectionStateClosed {
			s.leave(p)
		}
	})
	if s.links != "" {
		w.Header().Set("Link", s.links)
	}
	if !answer(connection, offer, p.location, w) {
		s.leave(p)
	}
}

// welcome puts a new publisher in the place of the old one, whose viewers are sent away.
func (s *server) welcome(connection *webrtc.PeerConnection) *publisher {
	s.mutex.Lock()
	before := s.publisher
	s.count.Publishers++
	p := &publisher{connection: connection, location: fmt.Sprintf("/whip/%d", s.count.Publishers)}
	s.publisher = p
	s.mutex.Unlock()
	if before != nil {
		_ = before.connection.Close()
	}
	return p
}

func (s *server) leave(p *publisher) {
	s.mutex.Lock()
	mine := s.publisher == p
	var viewers []*webrtc.PeerConnection
	if mine {
		s.publisher = nil
		for _, viewer := range s.viewers {
			viewers = append(viewers, viewer)
		}
		s.viewers = map[string]*webrtc.PeerConnection{}
	}
	s.mutex.Unlock()
	for _, viewer := range viewers {
		_ = viewer.Close()
	}
	_ = p.connection.Close()
}

// forward hands every packet of one track to the viewers until it ends.
func (s *server) forward(p *publisher, track *webrtc.TrackRemote) {
	capability := track.Codec().RTPCodecCapability
	video := track.Kind() == webrtc.RTPCodecTypeVideo
	local, err := webrtc.NewTrackLocalStaticRTP(capability, track.Kind().String(), "sfu")
	if err != nil {
		return
	}
	count := &p.audio
	s.mutex.Lock()
	if video {
		count = &p.video
		p.picture, p.ssrc = local, uint32(track.SSRC())
		s.count.Codec = capability.MimeType
	} else {
		p.sound = local
	}
	s.mutex.Unlock()
	for {
		packet, _, err := track.ReadRTP()
		if err != nil {
			return
		}
		count.add(packet, capability.MimeType)
		packet.Header.Extension, packet.Header.Extensions = false, nil
		_ = local.WriteRTP(packet)
	}
}

func (s *server) whipResource(w http.ResponseWriter, r *http.Request) {
	if !s.allowed(w, r) {
		return
	}
	s.mutex.Lock()
	p := s.publisher
	s.mutex.Unlock()
	if r.Method != http.MethodDelete || p == nil || p.location != r.URL.Path {
		http.NotFound(w, r)
		return
	}
	s.mutex.Lock()
	s.count.Deleted++
	s.mutex.Unlock()
	s.leave(p)
}
