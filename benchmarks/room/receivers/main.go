// Many viewers in one small program: real ICE, DTLS, SRTP and RTCP, and no decoder.
//
// It reads commands from standard input and answers each with a line of JSON:
//
//	join N RATE   N viewers, RATE of them a second (0: at once); answers when all have a picture
//	count         what each viewer got since the last count
//	leave N       the N oldest end with DELETE (0: all of them)
//	vanish N      the N oldest end without a word to the WHEP server
//	pli N         every viewer asks N times for a keyframe
//	quit
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"sync"
	"time"
)

const joinPatience = 20 * time.Second

// The viewers that joined, oldest first.
type room struct {
	mutex   sync.Mutex
	viewers []*viewer
	wish    wish
	output  sync.Mutex
}

type joinReport struct {
	Event     string    `json:"event"`
	Asked     int       `json:"asked"`
	Connected int       `json:"connected"`
	FirstMs   []float64 `json:"first_ms"`
	Errors    []string  `json:"errors"`
}

func main() {
	var asked wish
	flag.StringVar(&asked.url, "url", "", "WHEP endpoint")
	flag.StringVar(&asked.token, "token", "", "bearer token")
	flag.StringVar(&asked.codec, "codec", "H264", "H264 or VP8")
	flag.Parse()
	hall := &room{wish: asked}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var verb string
		var number int
		var rate float64
		fmt.Sscan(lines.Text(), &verb, &number, &rate)
		switch verb {
		case "join":
			go hall.join(number, rate)
		case "count":
			hall.count()
		case "leave":
			hall.leave(number, true)
		case "vanish":
			hall.leave(number, false)
		case "pli":
			hall.askForKeyframes(number)
		case "quit":
			hall.leave(0, true)
			return
		default:
			hall.say(map[string]string{"event": "error", "error": "unknown command " + verb})
		}
	}
	hall.leave(0, true)
}

func (hall *room) say(what interface{}) {
	line, err := json.Marshal(what)
	if err != nil {
		panic(err)
	}
	hall.output.Lock()
	defer hall.output.Unlock()
	fmt.Println(string(line))
}

func (hall *room) join(number int, rate float64) {
	fresh := make([]*viewer, number)
	failures := make([]error, number)
	var pending sync.WaitGroup
	began := time.Now()
	for i := range fresh {
		if rate > 0 {
			time.Sleep(time.Until(began.Add(time.Duration(float64(i) / rate * float64(time.Second)))))
		}
		pending.Add(1)
		go func(place int) {
			defer pending.Done()
			fresh[place], failures[place] = openViewer(hall.wish)
			if failures[place] == nil {
				failures[place] = fresh[place].awaitPicture(joinPatience)
			}
		}(i)
	}
	pending.Wait()
	hall.say(hall.welcome(fresh, failures))
}

// Keeps the viewers that saw something and says how the joining went.
func (hall *room) welcome(fresh []*viewer, failures []error) joinReport {
	report := joinReport{Event: "joined", Asked: len(fresh), FirstMs: []float64{}, Errors: []string{}}
	hall.mutex.Lock()
	defer hall.mutex.Unlock()
	for i, one := range fresh {
		if one != nil {
			hall.viewers = append(hall.viewers, one)
		}
		if failures[i] != nil {
			report.Errors = append(report.Errors, failures[i].Error())
			continue
		}
		report.Connected++
		report.FirstMs = append(report.FirstMs, one.firstPictureMs())
	}
	return report
}

func (hall *room) count() {
	hall.mutex.Lock()
	taken := make([]counts, len(hall.viewers))
	for i, one := range hall.viewers {
		taken[i] = one.take()
	}
	hall.mutex.Unlock()
	hall.say(map[string]interface{}{"event": "counted", "viewers": taken})
}

func (hall *room) leave(number int, politely bool) {
	hall.mutex.Lock()
	if number <= 0 || number > len(hall.viewers) {
		number = len(hall.viewers)
	}
	gone := hall.viewers[:number]
	hall.viewers = hall.viewers[number:]
	hall.mutex.Unlock()
	var pending sync.WaitGroup
	for _, one := range gone {
		pending.Add(1)
		go func(one *viewer) {
			defer pending.Done()
			one.close(politely)
		}(one)
	}
	pending.Wait()
	hall.say(map[string]interface{}{"event": "left", "number": number})
}

func (hall *room) askForKeyframes(times int) {
	hall.mutex.Lock()
	defer hall.mutex.Unlock()
	for i := 0; i < times; i++ {
		for _, one := range hall.viewers {
			one.askForKeyframe()
		}
	}
	hall.say(map[string]interface{}{"event": "asked", "number": times * len(hall.viewers)})
}
