// A peer for interoperability runs, built on gotlcp: the same command line, the same certificate
// folder and the same lines of JSON as crates/tlcp/examples/tlcp_peer.rs.
package main

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"gitee.com/Trisia/gotlcp/tlcp"
	"github.com/emmansun/gmsm/smx509"
)

// A peer that hangs ends a run with an error.
const silenceMax = 20 * time.Second

type options struct {
	host, certDir, suite, clientList, name string
	port, size, rounds, connections        int
	mutual, resume                         bool
}

type line struct {
	Ok      bool   `json:"ok"`
	Suite   string `json:"suite,omitempty"`
	Resumed bool   `json:"resumed"`
	Bytes   int    `json:"bytes"`
	Error   string `json:"error,omitempty"`
}

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: gotlcp server|client|bench [flags]")
		os.Exit(2)
	}
	var o options
	flags := flag.NewFlagSet(os.Args[1], flag.ExitOnError)
	flags.StringVar(&o.host, "host", "127.0.0.1", "")
	flags.IntVar(&o.port, "port", 0, "")
	flags.StringVar(&o.certDir, "cert-dir", "", "")
	flags.StringVar(&o.suite, "suite", "ECC_SM4_GCM_SM3", "")
	flags.StringVar(&o.clientList, "client-list", "sign-enc", "")
	flags.StringVar(&o.name, "name", "gateway.example", "")
	flags.IntVar(&o.size, "size", 1024, "")
	flags.IntVar(&o.rounds, "rounds", 1, "")
	flags.IntVar(&o.connections, "connections", 1, "")
	flags.BoolVar(&o.mutual, "mutual", false, "")
	flags.BoolVar(&o.resume, "resume", false, "")
	_ = flags.Parse(os.Args[2:])
	var held bool
	switch os.Args[1] {
	case "server":
		held = serve(o)
	case "client":
		held = ask(o)
	case "bench":
		held = bench(o)
	}
	if !held {
		os.Exit(1)
	}
}

// How long each measure runs, and how long one of its rounds, of which the best counts.
const (
	measured = 1500 * time.Millisecond
	round    = 100 * time.Millisecond
)

// Through memory, both sides on one core: to set beside the columns "both" of the crate's own bench.
func bench(o options) bool {
	runtime.GOMAXPROCS(1)
	o.mutual = true
	fmt.Println("\ngotlcp, both sides on one core: mutual handshakes a second, and MB/s of sealing and opening")
	fmt.Printf("\n%-20s%12s%12s%12s\n", "", "full", "resumed", "MB/s")
	for _, suite := range []string{"ECDHE_SM4_GCM_SM3", "ECC_SM4_GCM_SM3", "ECDHE_SM4_CBC_SM3", "ECC_SM4_CBC_SM3"} {
		o.suite = suite
		o.resume = false
		full, err := handshakes(o)
		if err != nil {
			return failed(err)
		}
		megabytes, err := bulk(o)
		if err != nil {
			return failed(err)
		}
		o.resume = true
		resumed, err := handshakes(o)
		if err != nil {
			return failed(err)
		}
		fmt.Printf("%-20s%12.0f%12.0f%12.1f\n", suite, full, resumed, megabytes)
	}
	return true
}

// Handshakes a second.
func handshakes(o options) (float64, error) {
	client, server, err := both(o)
	if err != nil {
		return 0, err
	}
	if o.resume {
		ours, theirs, err := connect(client, server)
		if err != nil {
			return 0, err
		}
		_, _ = ours.NetConn().Close(), theirs.NetConn().Close()
	}
	return best(func() error {
		ours, theirs, err := connect(client, server)
		if err != nil {
			return err
		}
		if ours.ConnectionState().DidResume != o.resume {
			return errors.New("a handshake of the other kind")
		}
		// Without a goodbye, which the other side would have to read.
		_, _ = ours.NetConn().Close(), theirs.NetConn().Close()
		return nil
	})
}

// How often a second something is done in the best round.
func best(work func() error) (float64, error) {
	rate := 0.0
	for start := time.Now(); time.Since(start) < measured; {
		count := 0
		began := time.Now()
		for time.Since(began) < round {
			if err := work(); err != nil {
				return 0, err
			}
			count++
		}
		rate = max(rate, float64(count)/time.Since(began).Seconds())
	}
	return rate, nil
}

// MB/s from one side to the other, in records of 16 KiB.
func bulk(o options) (float64, error) {
	client, server, err := both(o)
	if err != nil {
		return 0, err
	}
	ours, theirs, err := connect(client, server)
	if err != nil {
		return 0, err
	}
	go func() { _, _ = io.Copy(io.Discard, theirs) }()
	text := make([]byte, 16<<10)
	rate, err := best(func() error {
		_, err := ours.Write(text)
		return err
	})
	_, _ = ours.NetConn().Close(), theirs.NetConn().Close()
	return rate * float64(len(text)) / 1e6, err
}

func both(o options) (client, server *tlcp.Config, err error) {
	if client, err = config(o, "client"); err != nil {
		return nil, nil, err
	}
	server, err = config(o, "server")
	return client, server, err
}

func connect(client, server *tlcp.Config) (*tlcp.Conn, *tlcp.Conn, error) {
	ours, theirs := net.Pipe()
	from, to := tlcp.Client(ours, client), tlcp.Server(theirs, server)
	done := make(chan error, 1)
	go func() { done <- to.Handshake() }()
	if err := from.Handshake(); err != nil {
		return nil, nil, err
	}
	return from, to, <-done
}

func say(value any) {
	text, _ := json.Marshal(value)
	fmt.Println(string(text))
}

func failed(err error) bool {
	say(line{Error: err.Error()})
	return false
}

func config(o options, side string) (*tlcp.Config, error) {
	suites := map[string]uint16{
		"ECC_SM4_GCM_SM3":   tlcp.ECC_SM4_GCM_SM3,
		"ECC_SM4_CBC_SM3":   tlcp.ECC_SM4_CBC_SM3,
		"ECDHE_SM4_GCM_SM3": tlcp.ECDHE_SM4_GCM_SM3,
		"ECDHE_SM4_CBC_SM3": tlcp.ECDHE_SM4_CBC_SM3,
	}
	suite, known := suites[o.suite]
	if !known {
		return nil, errors.New("no such suite: " + o.suite)
	}
	trusted := smx509.NewCertPool()
	for _, file := range []string{"ca.pem", "issuers.pem"} {
		pem, err := os.ReadFile(filepath.Join(o.certDir, file))
		if err == nil {
			trusted.AppendCertsFromPEM(pem)
		}
	}
	result := &tlcp.Config{
		RootCAs:      trusted,
		ClientCAs:    trusted,
		CipherSuites: []uint16{suite},
		ServerName:   o.name,
	}
	if side == "server" || o.mutual {
		kinds := []string{"sign", "enc"}
		if side == "client" && o.clientList == "sign-ca" {
			kinds = kinds[:1]
		}
		for _, kind := range kinds {
			base := filepath.Join(o.certDir, side+"."+kind)
			chain, err := os.ReadFile(base + ".pem")
			if err != nil {
				return nil, err
			}
			if issuers, err := os.ReadFile(filepath.Join(o.certDir, "issuers.pem")); err == nil {
				chain = append(chain, issuers...)
			}
			key, err := os.ReadFile(base + ".key")
			if err != nil {
				return nil, err
			}
			pair, err := tlcp.X509KeyPair(chain, key)
			if err != nil {
				return nil, err
			}
			result.Certificates = append(result.Certificates, pair)
		}
	}
	if side == "server" && o.mutual {
		result.ClientAuth = tlcp.RequireAndVerifyClientCert
	}
	if o.resume {
		result.SessionCache = tlcp.NewLRUSessionCache(16)
	}
	return result, nil
}

func serve(o options) bool {
	settings, err := config(o, "server")
	if err != nil {
		return failed(err)
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(o.host, strconv.Itoa(o.port)))
	if err != nil {
		return failed(err)
	}
	say(map[string]int{"listening": listener.Addr().(*net.TCPAddr).Port})
	held := true
	for range o.connections {
		socket, err := listener.Accept()
		if err != nil {
			return failed(err)
		}
		_ = socket.SetDeadline(time.Now().Add(silenceMax))
		connection := tlcp.Server(socket, settings)
		held = echo(connection) && held
		_ = connection.Close()
	}
	return held
}

func echo(connection *tlcp.Conn) bool {
	if err := connection.Handshake(); err != nil {
		return failed(err)
	}
	buffer := make([]byte, 64<<10)
	total := 0
	for {
		count, err := connection.Read(buffer)
		if count > 0 {
			if _, err := connection.Write(buffer[:count]); err != nil {
				return failed(err)
			}
			total += count
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return failed(err)
		}
	}
	report(connection, total)
	return true
}

func report(connection *tlcp.Conn, total int) {
	state := connection.ConnectionState()
	say(line{Ok: true, Suite: tlcp.CipherSuiteName(state.CipherSuite), Resumed: state.DidResume, Bytes: total})
}

func ask(o options) bool {
	settings, err := config(o, "client")
	if err != nil {
		return failed(err)
	}
	times := 1
	if o.resume {
		times = 2
	}
	for range times {
		if !once(o, settings) {
			return false
		}
	}
	return true
}

func once(o options, settings *tlcp.Config) bool {
	socket, err := net.Dial("tcp", net.JoinHostPort(o.host, strconv.Itoa(o.port)))
	if err != nil {
		return failed(err)
	}
	_ = socket.SetDeadline(time.Now().Add(silenceMax))
	connection := tlcp.Client(socket, settings)
	defer connection.Close()
	if err := connection.Handshake(); err != nil {
		return failed(err)
	}
	sent := make([]byte, o.size)
	_, _ = rand.Read(sent)
	back := make([]byte, o.size)
	for range o.rounds {
		written := make(chan error, 1)
		go func() {
			_, err := connection.Write(sent)
			written <- err
		}()
		if _, err := io.ReadFull(connection, back); err != nil {
			return failed(err)
		}
		if err := <-written; err != nil {
			return failed(err)
		}
		if !bytes.Equal(sent, back) {
			return failed(errors.New("what came back differs"))
		}
	}
	report(connection, o.size*o.rounds)
	return true
}
