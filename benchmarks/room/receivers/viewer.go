package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc"
)

const maxAnswerBytes = 1 << 20

type wish struct {
	url, token, codec string
}

// What one viewer got since the last count. A picture is an access unit whose last packet came.
type counts struct {
	Pictures     int     `json:"pictures"`
	Keyframes    int     `json:"keyframes"`
	Packets      int     `json:"packets"`
	Bytes        int     `json:"bytes"`
	Lost         int     `json:"lost"`
	LongestGapMs float64 `json:"longest_gap_ms"`
	Seconds      float64 `json:"seconds"`
}

type viewer struct {
	peer     *webrtc.PeerConnection
	wish     wish
	location string
	asked    time.Time
	pictured chan struct{}

	mutex       sync.Mutex
	ssrc        webrtc.SSRC
	got         counts
	since       time.Time
	first       time.Time
	lastPicture time.Time
	started     bool
	sequence    uint16
	stamp       uint32
	keyframe    bool
}

func openViewer(asked wish) (*viewer, error) {
	one := &viewer{wish: asked, asked: time.Now(), since: time.Now(), pictured: make(chan struct{})}
	api, err := newAPI(asked.codec)
	if err != nil {
		return nil, err
	}
	if one.peer, err = api.NewPeerConnection(webrtc.Configuration{}); err != nil {
		return nil, err
	}
	one.peer.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) { one.receive(track) })
	if err := one.negotiate(); err != nil {
		one.close(true)
		return nil, err
	}
	return one, nil
}

func (one *viewer) negotiate() error {
	receiving := webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}
	if _, err := one.peer.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo, receiving); err != nil {
		return err
	}
	offer, err := one.peer.CreateOffer(nil)
	if err != nil {
		return err
	}
	gathered := webrtc.GatheringCompletePromise(one.peer)
	if err := one.peer.SetLocalDescription(offer); err != nil {
		return err
	}
	<-gathered
	answer, err := one.post(one.peer.LocalDescription().SDP)
	if err != nil {
		return err
	}
	return one.peer.SetRemoteDescription(
		webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer})
}

func (one *viewer) request(method, address, body string) (*http.Response, error) {
	request, err := http.NewRequest(method, address, bytes.NewReader([]byte(body)))
	if err != nil {
		return nil, err
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/sdp")
	}
	if one.wish.token != "" {
		request.Header.Set("Authorization", "Bearer "+one.wish.token)
	}
	// Each viewer is a browser of its own: none finds a connection of another.
	request.Close = true
	return http.DefaultClient.Do(request)
}

// Sends the offer; the answer, once the place of the session is noted.
func (one *viewer) post(offer string) (string, error) {
	response, err := one.request(http.MethodPost, one.wish.url, offer)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswerBytes))
	if err != nil {
		return "", err
	}
	if response.StatusCode != http.StatusCreated {
		return "", fmt.Errorf("the server answered %d: %.200s", response.StatusCode, answer)
	}
	base, err := url.Parse(one.wish.url)
	if err != nil {
		return "", err
	}
	place, err := base.Parse(response.Header.Get("Location"))
	if err != nil {
		return "", err
	}
	one.location = place.String()
	return string(answer), nil
}

func (one *viewer) receive(track *webrtc.TrackRemote) {
	one.mutex.Lock()
	one.ssrc = track.SSRC()
	one.mutex.Unlock()
	startsKeyframe := startsH264Keyframe
	if track.Codec().MimeType == webrtc.MimeTypeVP8 {
		startsKeyframe = startsVP8Keyframe
	}
	for {
		packet, _, err := track.ReadRTP()
		if err != nil {
			return
		}
		one.note(packet, startsKeyframe(packet.Payload))
	}
}

func (one *viewer) note(packet *rtp.Packet, startsKeyframe bool) {
	one.mutex.Lock()
	defer one.mutex.Unlock()
	one.got.Packets++
	one.got.Bytes += len(packet.Payload)
	step := int16(packet.SequenceNumber - one.sequence)
	if one.started && step <= 0 {
		// Sent again: what was counted as lost is here after all.
		one.got.Lost--
		return
	}
	if one.started {
		one.got.Lost += int(step) - 1
	}
	one.started = true
	one.sequence = packet.SequenceNumber
	one.keyframe = one.keyframe || startsKeyframe
	if packet.Marker && packet.Timestamp != one.stamp {
		one.stamp = packet.Timestamp
		one.notePicture(time.Now())
	}
}

func (one *viewer) notePicture(now time.Time) {
	one.got.Pictures++
	if one.keyframe {
		one.got.Keyframes++
		if one.first.IsZero() {
			one.first = now
			close(one.pictured)
		}
	}
	one.keyframe = false
	if !one.lastPicture.IsZero() {
		if gap := milliseconds(now.Sub(one.lastPicture)); gap > one.got.LongestGapMs {
			one.got.LongestGapMs = gap
		}
	}
	one.lastPicture = now
}

// What came since the last call; a gap that is still open counts as well.
func (one *viewer) take() counts {
	one.mutex.Lock()
	defer one.mutex.Unlock()
	now := time.Now()
	taken := one.got
	taken.Seconds = now.Sub(one.since).Seconds()
	if !one.lastPicture.IsZero() {
		if gap := milliseconds(now.Sub(one.lastPicture)); gap > taken.LongestGapMs {
			taken.LongestGapMs = gap
		}
	}
	one.got = counts{}
	one.since = now
	return taken
}

func (one *viewer) awaitPicture(patience time.Duration) error {
	select {
	case <-one.pictured:
		return nil
	case <-time.After(patience):
		return errors.New("no picture came")
	}
}

func (one *viewer) firstPictureMs() float64 {
	one.mutex.Lock()
	defer one.mutex.Unlock()
	return milliseconds(one.first.Sub(one.asked))
}

func (one *viewer) askForKeyframe() {
	one.mutex.Lock()
	ssrc := uint32(one.ssrc)
	one.mutex.Unlock()
	// A peer that is gone cannot be asked, and need not be.
	_ = one.peer.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: ssrc}})
}

func (one *viewer) close(politely bool) {
	if politely && one.location != "" {
		if response, err := one.request(http.MethodDelete, one.location, ""); err == nil {
			response.Body.Close()
		}
	}
	_ = one.peer.Close()
}

func milliseconds(span time.Duration) float64 {
	return float64(span.Microseconds()) / 1000
}
