// A small media server for the tests: one publisher by WHIP, any number of viewers by WHEP, and
// light viewers of its own. Built from Debian's packages of pion, see tests/go_program.py.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	if len(os.Args) < 2 {
		fail(fmt.Errorf("say what to do: serve or watch"))
	}
	var err error
	switch os.Args[1] {
	case "serve":
		err = serveCommand(os.Args[2:])
	case "watch":
		err = watchCommand(os.Args[2:])
	default:
		err = fmt.Errorf("%q is neither serve nor watch", os.Args[1])
	}
	if err != nil {
		fail(err)
	}
}

func serveCommand(words []string) error {
	flags := flag.NewFlagSet("serve", flag.ExitOnError)
	address := flags.String("address", "127.0.0.1:0", "host and port to listen on")
	token := flags.String("token", "", "what a publisher must show")
	codecs := flags.String("codecs", "H264,VP8", "what a publisher may send, best first")
	links := flags.String("links", "", "Link headers of the answer to a publisher")
	_ = flags.Parse(words)
	return serve(*address, newServer(*token, *codecs, *links))
}

func watchCommand(words []string) error {
	flags := flag.NewFlagSet("watch", flag.ExitOnError)
	url := flags.String("url", "", "the WHEP endpoint")
	count := flags.Int("viewers", 1, "how many")
	_ = flags.Parse(words)
	return watch(*url, *count)
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
