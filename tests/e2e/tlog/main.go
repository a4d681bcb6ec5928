// Command tlog checks the audit log of probity with the transparency-log packages of the Go project alone.
//
//	tlog log FOLDER VKEY            every record, every link, every head
//	tlog tiles FOLDER VKEY          every record and every tile of an export (c2sp.org/tlog-tiles)
//	tlog proof FILE VKEY            one record of a log that is not at hand (c2sp.org/tlog-proof@v1)
//	tlog trees FILE                 that proofs of many trees are the ones that Go makes
//	tlog consistency FILE OLD VKEY  that the head in FILE extends the one in OLD (body of add-checkpoint)
//
// VKEY may be several, between commas.
//
// It shares no code with probity, and knows of its format only what is written here.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "tlog:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 3 && args[0] == "log":
		return checkLog(args[1], args[2])
	case len(args) == 3 && args[0] == "tiles":
		return checkTiles(args[1], args[2])
	case len(args) == 3 && args[0] == "proof":
		return checkProof(args[1], args[2])
	case len(args) == 2 && args[0] == "trees":
		return checkTrees(args[1])
	case len(args) == 4 && args[0] == "consistency":
		return checkConsistency(args[1], args[2], args[3])
	}
	return fmt.Errorf("usage: tlog log FOLDER VKEY | tiles FOLDER VKEY | trees FILE | proof FILE VKEY | consistency FILE OLD VKEY")
}

// head is a checkpoint whose signature was checked.
type head struct {
	size int64
	root tlog.Hash
}

// openHead checks a signed note and reads its three lines. tlog.ParseTree insists on another first line. One of the keys,
// between commas, has to have signed: a log may have been handed over from one to the next.
func openHead(text []byte, vkeys string) (head, error) {
	var verifiers []note.Verifier
	for _, vkey := range strings.Split(vkeys, ",") {
		verifier, err := note.NewVerifier(vkey)
		if err != nil {
			return head{}, err
		}
		verifiers = append(verifiers, verifier)
	}
	signed, err := note.Open(text, note.VerifierList(verifiers...))
	if err != nil {
		return head{}, err
	}
	lines := strings.Split(signed.Text, "\n")
	if len(lines) != 4 || lines[3] != "" || lines[0] != signed.Sigs[0].Name {
		return head{}, fmt.Errorf("not a checkpoint of %s", signed.Sigs[0].Name)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return head{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	return head{size, root}, err
}

// store holds the hashes of a tree.
type store []tlog.Hash

func (s store) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index < 0 || index >= int64(len(s)) {
			return nil, fmt.Errorf("no hash %d", index)
		}
		hashes[i] = s[index]
	}
	return hashes, nil
}

// tree is the log as read so far.
type tree struct {
	size     int64
	hashes   store
	previous string
}

// add takes a record in: its index and the hash of the record before it must be those of its place.
func (t *tree) add(line []byte) error {
	var record struct {
		Index    string `json:"i"`
		Previous string `json:"prev"`
	}
	if err := json.Unmarshal(line, &record); err != nil {
		return fmt.Errorf("record %d: %v", t.size, err)
	}
	if record.Index != strconv.FormatInt(t.size, 10) {
		return fmt.Errorf("record %d says that it is %q", t.size, record.Index)
	}
	if record.Previous != t.previous {
		return fmt.Errorf("record %d does not follow record %d", t.size, t.size-1)
	}
	hash := tlog.RecordHash(line)
	stored, err := tlog.StoredHashesForRecordHash(t.size, hash, t.hashes)
	if err != nil {
		return err
	}
	t.hashes = append(t.hashes, stored...)
	t.previous = hex.EncodeToString(hash[:])
	t.size++
	return nil
}

// root is the root of the tree as it was at a size.
func (t *tree) root(size int64) (tlog.Hash, error) {
	return tlog.TreeHash(size, t.hashes)
}

// segment is a file of the log: its records up to its last commit, the commits among them, and the records behind.
type segment struct {
	lines  [][]byte
	behind [][]byte
}

func isCommit(line []byte) bool { return bytes.HasPrefix(line, []byte(`{"checkpoint":`)) }
func isRecord(line []byte) bool { return bytes.HasPrefix(line, []byte(`{"body":`)) }

// commitOf reads a commit line; a line that a crash damaged is none.
func commitOf(line []byte) (string, bool) {
	var commit struct{ Checkpoint string }
	if !isCommit(line) || json.Unmarshal(line, &commit) != nil {
		return "", false
	}
	return commit.Checkpoint, true
}

func readSegment(path string) (segment, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return segment{}, err
	}
	lines := bytes.Split(text, []byte("\n"))
	// What is behind the last line feed is no line.
	lines = lines[:len(lines)-1]
	last := -1
	for i, line := range lines {
		if _, ok := commitOf(line); ok {
			last = i
		}
	}
	return segment{lines[:last+1], lines[last+1:]}, nil
}

func checkLog(folder, vkey string) error {
	names, err := filepath.Glob(filepath.Join(folder, "seg", "*.jsonl"))
	if err != nil || len(names) == 0 {
		return fmt.Errorf("no segments in %s", folder)
	}
	sort.Slice(names, func(i, j int) bool {
		// A generation of three digits comes after one of two.
		a, b := names[i], names[j]
		first := len(filepath.Join(folder, "seg", "")) + 1 + 20
		if len(a) > first && len(b) > first && a[:first] == b[:first] && len(a) != len(b) {
			return len(a) < len(b)
		}
		return a < b
	})
	t := &tree{previous: hex.EncodeToString(emptyHash())}
	var newest head
	heads := 0
	var behind [][]byte
	for _, name := range names {
		segment, err := readSegment(name)
		if err != nil {
			return err
		}
		for i, line := range segment.lines {
			text, ok := commitOf(line)
			if !ok {
				if !isRecord(line) {
					return fmt.Errorf("%s: line %d is neither record nor commit", name, i+1)
				}
				if err := t.add(line); err != nil {
					return fmt.Errorf("%s: %v", name, err)
				}
				continue
			}
			newest, err = openHead([]byte(text), vkey)
			if err != nil {
				return fmt.Errorf("%s: line %d: %v", name, i+1, err)
			}
			// A head whose own line a crash took is copied to where the next segment begins, its records are not.
			for i == 0 && t.size < newest.size && len(behind) > 0 && isRecord(behind[0]) {
				if err := t.add(behind[0]); err != nil {
					return fmt.Errorf("%s: %v", name, err)
				}
				behind = behind[1:]
			}
			root, err := t.root(newest.size)
			if err != nil {
				return err
			}
			if newest.size != t.size || root != newest.root {
				return fmt.Errorf("%s: line %d: the head of %d records is not that of the %d before it", name, i+1, newest.size, t.size)
			}
			heads++
		}
		if len(segment.lines) > 0 || heads == 0 {
			behind = segment.behind
		}
	}
	fmt.Printf("intact: %d records, %d heads, root %s\n", newest.size, heads, newest.root)
	return nil
}

func emptyHash() []byte {
	hash, err := tlog.TreeHash(0, store{})
	if err != nil {
		panic(err)
	}
	return hash[:]
}

// hashesAndHead reads lines of hashes up to an empty line, and the signed head behind it.
func hashesAndHead(text, vkey string) ([]tlog.Hash, head, error) {
	var hashes []tlog.Hash
	for {
		line, rest, found := strings.Cut(text, "\n")
		if !found {
			return nil, head{}, fmt.Errorf("no empty line behind the hashes")
		}
		text = rest
		if line == "" {
			newest, err := openHead([]byte(text), vkey)
			return hashes, newest, err
		}
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return nil, head{}, err
		}
		hashes = append(hashes, hash)
	}
}

func field(text, name string) (string, string, error) {
	line, rest, _ := strings.Cut(text, "\n")
	value, found := strings.CutPrefix(line, name+" ")
	if !found {
		return "", "", fmt.Errorf("no line %q", name)
	}
	return value, rest, nil
}

func checkProof(file, vkey string) error {
	bytes, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	text, found := strings.CutPrefix(string(bytes), "c2sp.org/tlog-proof@v1\n")
	if !found {
		return fmt.Errorf("not a tlog-proof")
	}
	extra, text, err := field(text, "extra")
	if err != nil {
		return err
	}
	record, err := base64.StdEncoding.DecodeString(extra)
	if err != nil {
		return err
	}
	number, text, err := field(text, "index")
	if err != nil {
		return err
	}
	index, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return err
	}
	hashes, newest, err := hashesAndHead(text, vkey)
	if err != nil {
		return err
	}
	if err := tlog.CheckRecord(hashes, newest.size, newest.root, index, tlog.RecordHash(record)); err != nil {
		return err
	}
	fmt.Printf("record %d of %d holds: %s\n", index, newest.size, record)
	return nil
}

func checkConsistency(file, old, vkey string) error {
	bytes, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	oldText, err := os.ReadFile(old)
	if err != nil {
		return err
	}
	oldHead, err := openHead(oldText, vkey)
	if err != nil {
		return err
	}
	number, text, err := field(string(bytes), "old")
	if err != nil {
		return err
	}
	if number != strconv.FormatInt(oldHead.size, 10) {
		return fmt.Errorf("the proof is from size %s, the head of size %d", number, oldHead.size)
	}
	hashes, newest, err := hashesAndHead(text, vkey)
	if err != nil {
		return err
	}
	if newest.size == oldHead.size {
		if len(hashes) != 0 || newest.root != oldHead.root {
			return fmt.Errorf("two heads of %d records", newest.size)
		}
	} else if err := tlog.CheckTree(hashes, newest.size, newest.root, oldHead.size, oldHead.root); err != nil {
		return err
	}
	fmt.Printf("the head of %d records extends that of %d\n", newest.size, oldHead.size)
	return nil
}
