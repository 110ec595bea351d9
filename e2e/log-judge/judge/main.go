// Judges the log of a running vault with code that other people wrote for other logs: golang.org/x/mod/sumdb (Go's checksum database) and
// github.com/transparency-dev/merkle (Certificate Transparency). It knows the vault by its HTTP API only: VAULT_URL, and in VAULT_TOKEN a
// token that may read the log. Prints one line for each thing that was verified; ends with 1 at the first that is wrong.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

var hasher = rfc6962.DefaultHasher

func main() {
	verifier := must1(note.NewVerifier(strings.TrimSpace(string(get("/logs/key")))))
	say("key", "%s", verifier.Name())
	old := open(verifier, send("POST", "/logs/checkpoint"))
	// Reading the proofs adds events, and the next checkpoint covers them.
	for _, index := range []int64{0, 1, 254, 255, 256, old.N / 2, old.N - 2, old.N - 1} {
		judgeInclusion(verifier, index)
	}
	tree := open(verifier, send("POST", "/logs/checkpoint"))
	check(tree.N > old.N, "the log has not grown: %d, then %d", old.N, tree.N)
	for _, from := range []int64{1, 255, 256, 257, old.N, tree.N} {
		judgeConsistency(verifier, from, tree.N, tree)
	}
	judgeConsistency(verifier, 3, old.N, old)
	reader := judgeTiles(tree)
	judgeEntries(tree, reader)
	judgeLies(verifier, tree)
	say("done", "%d events", tree.N)
}

// open verifies a checkpoint: its signature, and that its origin is the name of the key.
func open(verifier note.Verifier, text []byte) tlog.Tree {
	opened := must1(note.Open(text, note.VerifierList(verifier)))
	check(len(opened.Sigs) == 1 && opened.Sigs[0].Name == verifier.Name(), "the note is not signed by %s", verifier.Name())
	lines := strings.Split(opened.Text, "\n")
	check(len(lines) == 4 && lines[3] == "", "the checkpoint has not three lines: %q", opened.Text)
	check(lines[0] == verifier.Name(), "the origin is %q", lines[0])
	size := must1(strconv.ParseInt(lines[1], 10, 64))
	root := must1(tlog.ParseHash(lines[2]))
	say("checkpoint", "%d events, root %s", size, root)
	return tlog.Tree{N: size, Hash: root}
}

// A proof as C2SP tlog-proof has it.
type inclusion struct {
	leaf   []byte
	index  int64
	hashes []tlog.Hash
	note   []byte
}

func readInclusion(index int64) inclusion {
	head, checkpoint, found := bytes.Cut(get(fmt.Sprintf("/logs/proof/%d", index+1)), []byte("\n\n"))
	check(found, "the proof has no empty line")
	lines := strings.Split(string(head), "\n")
	check(len(lines) >= 3 && lines[0] == "c2sp.org/tlog-proof@v1", "the proof begins with %q", lines[0])
	extra, isExtra := strings.CutPrefix(lines[1], "extra ")
	number, isIndex := strings.CutPrefix(lines[2], "index ")
	check(isExtra && isIndex, "the proof has no extra data or no index")
	read := inclusion{leaf: must1(base64.StdEncoding.DecodeString(extra)), index: must1(strconv.ParseInt(number, 10, 64)), note: checkpoint}
	for _, line := range lines[3:] {
		read.hashes = append(read.hashes, must1(tlog.ParseHash(line)))
	}
	return read
}

func judgeInclusion(verifier note.Verifier, index int64) {
	read := readInclusion(index)
	tree := open(verifier, read.note)
	check(read.index == index, "the proof is of index %d", read.index)
	var event struct {
		ID int64 `json:"id"`
	}
	must(json.Unmarshal(read.leaf, &event))
	check(event.ID == index+1, "the leaf has the id %d", event.ID)
	must(verifyInclusion(tree, read))
	say("inclusion", "leaf %d in %d, %d hashes", index, tree.N, len(read.hashes))
}

// verifyInclusion asks both libraries, which must agree.
func verifyInclusion(tree tlog.Tree, read inclusion) error {
	leaf := tlog.RecordHash(read.leaf)
	first := tlog.CheckRecord(read.hashes, tree.N, tree.Hash, read.index, leaf)
	second := proof.VerifyInclusion(hasher, uint64(read.index), uint64(tree.N), hasher.HashLeaf(read.leaf), slices(read.hashes), tree.Hash[:])
	check((first == nil) == (second == nil), "the two libraries differ: %v and %v", first, second)
	return first
}

// judgeConsistency verifies the body of a request for a cosignature, as a witness does: the old size, the proof, and the checkpoint.
func judgeConsistency(verifier note.Verifier, from, to int64, want tlog.Tree) {
	head, checkpoint, found := bytes.Cut(get(fmt.Sprintf("/logs/consistency?from=%d&to=%d", from, to)), []byte("\n\n"))
	check(found, "the answer has no empty line")
	lines := strings.Split(string(head), "\n")
	check(lines[0] == fmt.Sprintf("old %d", from), "the answer begins with %q", lines[0])
	tree := open(verifier, checkpoint)
	check(tree == want, "the checkpoint is another one")
	var hashes []tlog.Hash
	for _, line := range lines[1:] {
		hashes = append(hashes, must1(tlog.ParseHash(line)))
	}
	before := open(verifier, after(get(fmt.Sprintf("/logs/consistency?from=%d&to=%d", from, from))))
	must(verifyConsistency(before, tree, hashes))
	if len(hashes) > 0 {
		hashes[0][0] ^= 1
		check(verifyConsistency(before, tree, hashes) != nil, "a wrong proof is taken")
	}
	say("consistency", "%d in %d, %d hashes", from, to, len(hashes))
}

func verifyConsistency(old, tree tlog.Tree, hashes []tlog.Hash) error {
	first := tlog.CheckTree(hashes, tree.N, tree.Hash, old.N, old.Hash)
	second := proof.VerifyConsistency(hasher, uint64(old.N), uint64(tree.N), slices(hashes), old.Hash[:], tree.Hash[:])
	check((first == nil) == (second == nil), "the two libraries differ: %v and %v", first, second)
	return first
}

// after gives what follows the first empty line: the checkpoint.
func after(answer []byte) []byte {
	_, rest, _ := bytes.Cut(answer, []byte("\n\n"))
	return rest
}

// tileReader reads the tiles of C2SP tlog-tiles, which has other paths than the checksum database.
type tileReader struct{ read int }

func (*tileReader) Height() int { return 8 }

func (reader *tileReader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var data [][]byte
	for _, tile := range tiles {
		data = append(data, get(fmt.Sprintf("/logs/tile/%d/%s", tile.L, pathOf(tile.N, tile.W))))
		reader.read++
	}
	return data, nil
}

func (*tileReader) SaveTiles([]tlog.Tile, [][]byte) {}

func pathOf(number int64, width int) string {
	path := fmt.Sprintf("%03d", number%1000)
	for rest := number / 1000; rest > 0; rest /= 1000 {
		path = fmt.Sprintf("x%03d/%s", rest%1000, path)
	}
	if width < 256 {
		path += fmt.Sprintf(".p/%d", width)
	}
	return path
}

// judgeTiles lets the library make the root and proofs from the tiles, which it authenticates by the root of the checkpoint.
func judgeTiles(tree tlog.Tree) tlog.HashReader {
	tiles := &tileReader{}
	reader := tlog.TileHashReader(tree, tiles)
	root := must1(tlog.TreeHash(tree.N, reader))
	check(root == tree.Hash, "the tiles have the root %s", root)
	for _, index := range []int64{0, 255, 256, tree.N - 1} {
		record := must1(tlog.ProveRecord(tree.N, index, reader))
		leaf := must1(reader.ReadHashes([]int64{tlog.StoredHashIndex(0, index)}))[0]
		must(tlog.CheckRecord(record, tree.N, tree.Hash, index, leaf))
	}
	say("tiles", "root %s from %d tiles", root, tiles.read)
	return reader
}

// judgeEntries reads every event, and makes the root of all.
func judgeEntries(tree tlog.Tree, reader tlog.HashReader) {
	all := (&compact.RangeFactory{Hash: hasher.HashChildren}).NewEmptyRange(0)
	for begin := int64(0); begin < tree.N; begin += 256 {
		width := int(min(256, tree.N-begin))
		bundle := get("/logs/tile/entries/" + pathOf(begin/256, width))
		for place := range width {
			length := int(binary.BigEndian.Uint16(bundle))
			entry := bundle[2 : 2+length]
			bundle = bundle[2+length:]
			var event struct {
				ID int64 `json:"id"`
			}
			must(json.Unmarshal(entry, &event))
			check(event.ID == begin+int64(place)+1, "entry %d has the id %d", begin+int64(place), event.ID)
			must(all.Append(hasher.HashLeaf(entry), nil))
			if place == 0 {
				stored := must1(reader.ReadHashes([]int64{tlog.StoredHashIndex(0, begin)}))[0]
				check(stored == tlog.RecordHash(entry), "the tile has another hash of entry %d", begin)
			}
		}
		check(len(bundle) == 0, "%d bytes are left of a bundle", len(bundle))
	}
	root := must1(all.GetRootHash(nil))
	check(bytes.Equal(root, tree.Hash[:]), "the entries have another root")
	say("entries", "%d, and their root", tree.N)
}

// judgeLies changes what is true, and expects that nobody takes it.
func judgeLies(verifier note.Verifier, tree tlog.Tree) {
	text := get("/logs/checkpoint")
	lie := bytes.Replace(text, []byte("\n"), []byte("x\n"), 1)
	_, err := note.Open(lie, note.VerifierList(verifier))
	check(err != nil, "a changed checkpoint is taken")
	read := readInclusion(7)
	tree = open(verifier, read.note)
	must(verifyInclusion(tree, read))
	changed := read
	changed.leaf = append([]byte(nil), read.leaf...)
	changed.leaf[len(changed.leaf)-2] ^= 1
	check(verifyInclusion(tree, changed) != nil, "a changed event is taken")
	moved := read
	moved.index++
	check(verifyInclusion(tree, moved) != nil, "an event is taken in another place")
	say("lies", "none is taken")
}

func slices(hashes []tlog.Hash) [][]byte {
	var all [][]byte
	for index := range hashes {
		all = append(all, hashes[index][:])
	}
	return all
}

func get(path string) []byte { return send("GET", path) }

func send(method, path string) []byte {
	request := must1(http.NewRequest(method, os.Getenv("VAULT_URL")+path, nil))
	request.Header.Set("Authorization", "Bearer "+os.Getenv("VAULT_TOKEN"))
	answer := must1(http.DefaultClient.Do(request))
	defer answer.Body.Close()
	body := must1(io.ReadAll(answer.Body))
	check(answer.StatusCode == 200, "%s %s: %s\n%s", method, path, answer.Status, body)
	return body
}

func say(what, format string, values ...any) {
	fmt.Printf("%s: %s\n", what, fmt.Sprintf(format, values...))
}

func check(holds bool, format string, values ...any) {
	if holds {
		return
	}
	fmt.Fprintf(os.Stderr, "wrong: "+format+"\n", values...)
	os.Exit(1)
}

func must(err error) { check(err == nil, "%v", err) }

func must1[Value any](value Value, err error) Value {
	must(err)
	return value
}
