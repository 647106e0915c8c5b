// Verify-log checks a transparency log from outside, with none of the product's code: golang.org/x/mod/sumdb/tlog judges
// its tree, golang.org/x/mod/sumdb/note its signature. It reads over HTTP what everybody may read (c2sp.org/tlog-tiles),
// tells on one line what it has checked, and ends with 1 at the first fault.
//
//	verify-log <address of the log> <verifier key> [-inclusion 500] [-consistency 100]
package main

import (
	"encoding/binary"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	height    = 8
	width     = 1 << height
	maxBundle = width * (2 + 1<<16)
	text      = "text/plain; charset=utf-8"
	octets    = "application/octet-stream"
)

func main() {
	flags := flag.NewFlagSet("verify-log", flag.ExitOnError)
	inclusions := flags.Int("inclusion", 500, "how many leaves to prove included, at random")
	consistencies := flags.Int("consistency", 100, "how many older trees to prove consistent, at random")
	if len(os.Args) < 3 || flags.Parse(os.Args[3:]) != nil || flags.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "verify-log <address of the log> <verifier key> [-inclusion 500] [-consistency 100]")
		os.Exit(2)
	}
	log := &remote{strings.TrimSuffix(os.Args[1], "/"), &http.Client{Timeout: 30 * time.Second}}
	told, err := verify(log, os.Args[2], *inclusions, *consistencies)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(told)
}

func verify(log *remote, vkey string, inclusions, consistencies int) (string, error) {
	tree, err := log.checkpoint(vkey)
	if err != nil {
		return "", fmt.Errorf("checkpoint: %w", err)
	}
	leaves, err := log.leaves(tree.N)
	if err != nil {
		return "", err
	}
	own, err := rebuild(leaves)
	if err != nil {
		return "", err
	}
	if root, err := tlog.TreeHash(tree.N, own); err != nil || root != tree.Hash {
		return "", fmt.Errorf("the entries have the root %v, the checkpoint has %v (%v)", root, tree.Hash, err)
	}
	// Every hash that comes from here on has been authenticated against the root.
	tiles := &tileReader{log: log, known: map[tlog.Tile][]byte{}}
	read := tlog.TileHashReader(tree, tiles)
	if err := everyTile(tree, read, own); err != nil {
		return "", err
	}
	if tree.N == 0 {
		inclusions, consistencies = 0, 0
	}
	random := rand.New(rand.NewPCG(6962, 9162)) // A fixed seed: what fails once fails again.
	for range inclusions {
		index := random.Int64N(tree.N)
		if err := proveLeaf(tree, read, index, leaves[index]); err != nil {
			return "", fmt.Errorf("inclusion of %d: %w", index, err)
		}
	}
	for range consistencies {
		older := 1 + random.Int64N(tree.N)
		if err := proveOlder(tree, read, older, own); err != nil {
			return "", fmt.Errorf("consistency with %d: %w", older, err)
		}
	}
	return fmt.Sprintf("size %d, root %v: %d bundles, %d tiles, %d inclusions, %d consistencies",
		tree.N, tree.Hash, (tree.N+width-1)/width, len(tiles.known), inclusions, consistencies), nil
}

// everyTile reads all hashes of all tiles, and compares them with those that the entries make.
func everyTile(tree tlog.Tree, read, own tlog.HashReader) error {
	for _, tile := range tlog.NewTiles(height, 0, tree.N) {
		indexes := make([]int64, tile.W)
		for i := range indexes {
			indexes[i] = tlog.StoredHashIndex(tile.L*height, tile.N*width+int64(i))
		}
		got, err := read.ReadHashes(indexes)
		if err != nil {
			return fmt.Errorf("%s: %w", pathOf(tile), err)
		}
		if want, err := own.ReadHashes(indexes); err != nil || !slices.Equal(got, want) {
			return fmt.Errorf("%s: its hashes are not those of its entries (%v)", pathOf(tile), err)
		}
	}
	return nil
}

func proveLeaf(tree tlog.Tree, read tlog.HashReader, index int64, leaf tlog.Hash) error {
	proof, err := tlog.ProveRecord(tree.N, index, read)
	if err != nil {
		return err
	}
	return tlog.CheckRecord(proof, tree.N, tree.Hash, index, leaf)
}

func proveOlder(tree tlog.Tree, read tlog.HashReader, older int64, own tlog.HashReader) error {
	proof, err := tlog.ProveTree(tree.N, older, read)
	if err != nil {
		return err
	}
	root, err := tlog.TreeHash(older, own)
	if err != nil {
		return err
	}
	return tlog.CheckTree(proof, tree.N, tree.Hash, older, root)
}

// rebuild makes all inner hashes from those of the leaves.
func rebuild(leaves []tlog.Hash) (tlog.HashReader, error) {
	var stored []tlog.Hash
	read := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			hashes[i] = stored[index]
		}
		return hashes, nil
	})
	for i, leaf := range leaves {
		more, err := tlog.StoredHashesForRecordHash(int64(i), leaf, read)
		if err != nil {
			return nil, err
		}
		stored = append(stored, more...)
	}
	return read, nil
}

type remote struct {
	address string
	client  *http.Client
}

// checkpoint is c2sp.org/tlog-checkpoint, without extensions, of a log whose key has its name.
func (log *remote) checkpoint(vkey string) (tlog.Tree, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return tlog.Tree{}, err
	}
	signed, err := log.get("checkpoint", text, 1<<20)
	if err != nil {
		return tlog.Tree{}, err
	}
	opened, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := append(strings.Split(opened.Text, "\n"), "", "")
	size, _ := strconv.ParseInt(lines[1], 10, 64)
	root, _ := tlog.ParseHash(lines[2])
	if size < 0 || opened.Text != fmt.Sprintf("%s\n%d\n%v\n", verifier.Name(), size, root) {
		return tlog.Tree{}, fmt.Errorf("it is no size and root of %s: %q", verifier.Name(), opened.Text)
	}
	return tlog.Tree{N: size, Hash: root}, nil
}

// leaves reads every bundle of entries and hashes each of them.
func (log *remote) leaves(size int64) (hashes []tlog.Hash, err error) {
	for n := int64(0); n*width < size; n++ {
		bundle := tlog.Tile{H: height, L: -1, N: n, W: int(min(width, size-n*width))}
		data, err := log.get(pathOf(bundle), octets, maxBundle)
		if err != nil {
			return nil, err
		}
		for i := range bundle.W {
			if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
				return nil, fmt.Errorf("%s ends before its entry %d does", pathOf(bundle), i)
			}
			end := 2 + int(binary.BigEndian.Uint16(data))
			hashes = append(hashes, tlog.RecordHash(data[2:end]))
			data = data[end:]
		}
		if len(data) > 0 {
			return nil, fmt.Errorf("%s: %d bytes follow its last entry", pathOf(bundle), len(data))
		}
	}
	return hashes, nil
}

// tileReader keeps what tlog has authenticated, and nothing else.
type tileReader struct {
	log   *remote
	known map[tlog.Tile][]byte
}

func (r *tileReader) Height() int { return height }

func (r *tileReader) ReadTiles(tiles []tlog.Tile) (data [][]byte, err error) {
	data = make([][]byte, len(tiles))
	for i, tile := range tiles {
		if data[i] = r.known[tile]; data[i] == nil {
			if data[i], err = r.log.get(pathOf(tile), octets, width*tlog.HashSize); err != nil {
				return nil, err
			}
		}
	}
	return data, nil
}

func (r *tileReader) SaveTiles(tiles []tlog.Tile, data [][]byte) {
	for i, tile := range tiles {
		r.known[tile] = data[i]
	}
}

// pathOf is that of c2sp.org/tlog-tiles. The Go checksum database has another: it names the height, and says “data”.
func pathOf(tile tlog.Tile) string {
	path := strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/", height))
	if tile.L < 0 {
		path = "entries/" + strings.TrimPrefix(path, "data/")
	}
	return "tile/" + path
}

func (log *remote) get(path, mediaType string, atMost int64) ([]byte, error) {
	response, err := log.client.Get(log.address + "/" + path)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if got := response.Header.Get("Content-Type"); response.StatusCode != http.StatusOK || got != mediaType {
		return nil, fmt.Errorf("%s: answered %s, of type %q, not %q", path, response.Status, got, mediaType)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, atMost+1))
	if int64(len(body)) > atMost {
		return nil, fmt.Errorf("%s has more than %d bytes", path, atMost)
	}
	return body, err
}
