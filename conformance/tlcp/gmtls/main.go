// A peer for interoperability runs, built on the gmtls package of tjfoc/gmsm: the same command line, the same certificate
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
	"strconv"
	"time"

	"github.com/tjfoc/gmsm/gmtls"
	"github.com/tjfoc/gmsm/x509"
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
		fmt.Fprintln(os.Stderr, "usage: gmtls server|client [flags]")
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
	}
	if !held {
		os.Exit(1)
	}
}

func say(value any) {
	text, _ := json.Marshal(value)
	fmt.Println(string(text))
}

func failed(err error) bool {
	say(line{Error: err.Error()})
	return false
}

func config(o options, side string) (*gmtls.Config, error) {
	suites := map[string]uint16{
		"ECC_SM4_CBC_SM3":   gmtls.GMTLS_SM2_WITH_SM4_SM3,
		"ECDHE_SM4_CBC_SM3": gmtls.GMTLS_ECDHE_SM2_WITH_SM4_SM3,
	}
	suite, known := suites[o.suite]
	if !known {
		return nil, errors.New("no such suite: " + o.suite)
	}
	trusted := x509.NewCertPool()
	for _, file := range []string{"ca.pem", "issuers.pem"} {
		pem, err := os.ReadFile(filepath.Join(o.certDir, file))
		if err == nil {
			trusted.AppendCertsFromPEM(pem)
		}
	}
	result := &gmtls.Config{
		GMSupport:    gmtls.NewGMSupport(),
		RootCAs:      trusted,
		ClientCAs:    trusted,
		CipherSuites: []uint16{suite},
		ServerName:   o.name,
	}
	// It looks for the server's name in every certificate of the list, the authority's too.
	result.InsecureSkipVerify = side == "client"
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
			pair, err := gmtls.X509KeyPair(chain, key)
			if err != nil {
				return nil, err
			}
			result.Certificates = append(result.Certificates, pair)
		}
	}
	if side == "server" && o.mutual {
		result.ClientAuth = gmtls.RequireAndVerifyClientCert
	}
	if o.resume {
		result.ClientSessionCache = gmtls.NewLRUClientSessionCache(16)
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
	for number := 0; number < o.connections; number++ {
		socket, err := listener.Accept()
		if err != nil {
			return failed(err)
		}
		_ = socket.SetDeadline(time.Now().Add(silenceMax))
		connection := gmtls.Server(socket, settings)
		held = echo(connection) && held
		_ = connection.Close()
	}
	return held
}

func echo(connection *gmtls.Conn) bool {
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

func report(connection *gmtls.Conn, total int) {
	state := connection.ConnectionState()
	say(line{Ok: true, Suite: fmt.Sprintf("%#06x", state.CipherSuite), Resumed: state.DidResume, Bytes: total})
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
	for number := 0; number < times; number++ {
		if !once(o, settings) {
			return false
		}
	}
	return true
}

func once(o options, settings *gmtls.Config) bool {
	socket, err := net.Dial("tcp", net.JoinHostPort(o.host, strconv.Itoa(o.port)))
	if err != nil {
		return failed(err)
	}
	_ = socket.SetDeadline(time.Now().Add(silenceMax))
	connection := gmtls.Client(socket, settings)
	defer connection.Close()
	if err := connection.Handshake(); err != nil {
		return failed(err)
	}
	sent := make([]byte, o.size)
	_, _ = rand.Read(sent)
	back := make([]byte, o.size)
	for number := 0; number < o.rounds; number++ {
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
