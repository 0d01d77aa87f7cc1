package main

import (
	"fmt"
	"net/http"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc"
)

func (s *server) whep(w http.ResponseWriter, r *http.Request) {
	offer := readOffer(w, r)
	if offer == "" {
		return
	}
	s.mutex.Lock()
	var tracks []webrtc.TrackLocal
	if s.publisher != nil && s.publisher.picture != nil {
		tracks = append(tracks, s.publisher.picture)
		if s.publisher.sound != nil {
			tracks = append(tracks, s.publisher.sound)
		}
	}
	s.joined++
	name := fmt.Sprintf("/whep/%d", s.joined)
	s.mutex.Unlock()
	if len(tracks) == 0 {
		http.Error(w, "nobody publishes", http.StatusNotFound)
		return
	}
	connection, err := newConnection("H264,VP8")
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	for _, track := range tracks {
		sender, err := connection.AddTrack(track)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		go s.listen(sender)
	}
	connection.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		switch state {
		case webrtc.PeerConnectionStateConnected:
			s.keep(name, connection)
			s.pli()
		case webrtc.PeerConnectionStateFailed, webrtc.PeerConnectionStateDisconnected:
			s.forget(name)
			_ = connection.Close()
		}
	})
	answer(connection, offer, name, w)
}

func (s *server) keep(name string, connection *webrtc.PeerConnection) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.viewers[name] = connection
}

func (s *server) forget(name string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	delete(s.viewers, name)
}

// listen passes a viewer's wish for a keyframe on.
func (s *server) listen(sender *webrtc.RTPSender) {
	for {
		packets, _, err := sender.ReadRTCP()
		if err != nil {
			return
		}
		for _, packet := range packets {
			switch packet.(type) {
			case *rtcp.PictureLossIndication, *rtcp.FullIntraRequest:
				s.pli()
			}
		}
	}
}
