package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc"
)

const longestOffer = 1 << 20

// A server keeps one publisher and those who watch it.
type server struct {
	token, codecs, links string

	mutex     sync.Mutex
	publisher *publisher
	viewers   map[string]*webrtc.PeerConnection
	joined    int
	count     counts
}

// counts are told to the test by GET /state.
type counts struct {
	Publishers int     `json:"publishers"`
	Deleted    int     `json:"deleted"`
	Refused    int     `json:"refused"`
	PLIs       int     `json:"plis"`
	Viewers    int     `json:"viewers"`
	Connected  bool    `json:"connected"`
	Codec      string  `json:"codec"`
	Video      counted `json:"video"`
	Audio      counted `json:"audio"`
}

func newServer(token, codecs, links string) *server {
	return &server{token: token, codecs: codecs, links: links, viewers: map[string]*webrtc.PeerConnection{}}
}

// serve prints the address it got, as a line of its own, and then never returns without an error.
func serve(address string, s *server) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/whip", s.whip)
	mux.HandleFunc("/whip/", s.whipResource)
	mux.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/whip", http.StatusTemporaryRedirect)
	})
	mux.HandleFunc("/whep", s.whep)
	mux.HandleFunc("/state", s.state)
	mux.HandleFunc("/pli", s.askForKeyframes)
	mux.HandleFunc("/end", s.sendAway)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			http.NotFound(w, r)
			return
		}
		// A page of this origin for the browser's viewer, so that nothing is cross-origin.
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<!doctype html><title>viewer</title><video muted autoplay playsinline></video>")
	})
	fmt.Println(listener.Addr())
	return http.Serve(listener, mux)
}

func (s *server) state(w http.ResponseWriter, _ *http.Request) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	now := s.count
	now.Viewers = len(s.viewers)
	if p := s.publisher; p != nil {
		now.Connected = p.connection.ConnectionState() == webrtc.PeerConnectionStateConnected
		now.Video, now.Audio = p.video.now(), p.audio.now()
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(now)
}

// askForKeyframes sends the publisher so many PLIs at once: /pli?count=20.
func (s *server) askForKeyframes(w http.ResponseWriter, r *http.Request) {
	count, err := strconv.Atoi(r.URL.Query().Get("count"))
	if err != nil {
		count = 1
	}
	for ; count > 0; count-- {
		s.pli()
	}
}

// sendAway ends the publisher's connection in good order.
func (s *server) sendAway(http.ResponseWriter, *http.Request) {
	s.mutex.Lock()
	p := s.publisher
	s.mutex.Unlock()
	if p != nil {
		s.leave(p)
	}
}

func (s *server) pli() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.publisher == nil || s.publisher.ssrc == 0 {
		return
	}
	s.count.PLIs++
	_ = s.publisher.connection.WriteRTCP(
		[]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: s.publisher.ssrc}},
	)
}

// readOffer answers who sends no SDP and returns "".
func readOffer(w http.ResponseWriter, r *http.Request) string {
	if r.Method != http.MethodPost {
		http.Error(w, "POST an offer", http.StatusMethodNotAllowed)
		return ""
	}
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/sdp") {
		http.Error(w, "application/sdp is wanted", http.StatusUnsupportedMediaType)
		return ""
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, longestOffer))
	if err != nil || len(body) == 0 {
		http.Error(w, "an offer is wanted", http.StatusBadRequest)
		return ""
	}
	return string(body)
}

// answer completes the handshake, or closes the connection and says why not.
func answer(connection *webrtc.PeerConnection, offer, location string, w http.ResponseWriter) bool {
	sdp, err := negotiate(connection, offer)
	if err != nil {
		_ = connection.Close()
		http.Error(w, err.Error(), http.StatusNotAcceptable)
		return false
	}
	w.Header().Set("Content-Type", "application/sdp")
	w.Header().Set("Location", location)
	w.Header().Set("ETag", `"`+location+`"`)
	w.WriteHeader(http.StatusCreated)
	_, _ = io.WriteString(w, sdp)
	return true
}

func negotiate(connection *webrtc.PeerConnection, offer string) (string, error) {
	description := webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}
	if err := connection.SetRemoteDescription(description); err != nil {
		return "", err
	}
	gathered := webrtc.GatheringCompletePromise(connection)
	reply, err := connection.CreateAnswer(nil)
	if err != nil {
		return "", err
	}
	if err := connection.SetLocalDescription(reply); err != nil {
		return "", err
	}
	<-gathered
	return connection.LocalDescription().SDP, nil
}
