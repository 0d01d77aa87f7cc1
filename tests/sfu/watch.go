package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/pion/webrtc"
)

// watch opens so many viewers that receive, decrypt and count, and decode nothing. It says "ready"
// when each has got a picture; then, for every line it is given, what each has got so far.
func watch(url string, count int) error {
	tallies := make([]*tally, count)
	for index := range tallies {
		tallies[index] = &tally{}
		if err := view(url, tallies[index]); err != nil {
			return err
		}
	}
	for _, each := range tallies {
		for each.now().Pictures == 0 {
			time.Sleep(20 * time.Millisecond)
		}
	}
	fmt.Println("ready")
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var now []counted
		for _, each := range tallies {
			now = append(now, each.now())
		}
		if err := json.NewEncoder(os.Stdout).Encode(now); err != nil {
			return err
		}
	}
	return nil
}

func view(url string, count *tally) error {
	connection, err := newConnection("H264,VP8")
	if err != nil {
		return err
	}
	for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeVideo, webrtc.RTPCodecTypeAudio} {
		wish := webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}
		if _, err := connection.AddTransceiverFromKind(kind, wish); err != nil {
			return err
		}
	}
	connection.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		for {
			packet, _, err := track.ReadRTP()
			if err != nil {
				return
			}
			if track.Kind() == webrtc.RTPCodecTypeVideo {
				count.add(packet, track.Codec().MimeType)
			}
		}
	})
	return connect(connection, url)
}

func connect(connection *webrtc.PeerConnection, url string) error {
	offer, err := connection.CreateOffer(nil)
	if err != nil {
		return err
	}
	gathered := webrtc.GatheringCompletePromise(connection)
	if err := connection.SetLocalDescription(offer); err != nil {
		return err
	}
	<-gathered
	sdp := strings.NewReader(connection.LocalDescription().SDP)
	response, err := http.Post(url, "application/sdp", sdp)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusCreated {
		return fmt.Errorf("%s: %s", response.Status, body)
	}
	return connection.SetRemoteDescription(
		webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: string(body)},
	)
}
