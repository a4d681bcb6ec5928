package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// checkTrees compares proofs, one a line, with those that Go makes: `record INDEX SIZE HASH...`, `tree OLD NEW HASH...`.
// The record with an index is the index in eight bytes, the highest first.
func checkTrees(file string) error {
	lines, err := os.Open(file)
	if err != nil {
		return err
	}
	defer lines.Close()
	var hashes store
	size, count := int64(0), 0
	scanner := bufio.NewScanner(lines)
	for scanner.Scan() {
		fields := strings.Fields(scanner.Text())
		if len(fields) < 3 {
			return fmt.Errorf("line %d: %q", count+1, scanner.Text())
		}
		one, err := strconv.ParseInt(fields[1], 10, 64)
		if err != nil {
			return err
		}
		of, err := strconv.ParseInt(fields[2], 10, 64)
		if err != nil {
			return err
		}
		for ; size < of; size++ {
			stored, err := tlog.StoredHashesForRecordHash(size, leaf(size), hashes)
			if err != nil {
				return err
			}
			hashes = append(hashes, stored...)
		}
		if err := checkTree(fields[0], one, of, fields[3:], hashes); err != nil {
			return fmt.Errorf("%s %d of %d: %v", fields[0], one, of, err)
		}
		count++
	}
	if err := scanner.Err(); err != nil {
		return err
	}
	if want := int(size * (size + 1)); count != want {
		return fmt.Errorf("%d proofs instead of %d", count, want)
	}
	fmt.Printf("all %d proofs of trees up to %d records are those of Go\n", count, size)
	return nil
}

func leaf(index int64) tlog.Hash {
	return tlog.RecordHash(binary.BigEndian.AppendUint64(nil, uint64(index)))
}

func checkTree(kind string, one, of int64, given []string, hashes store) error {
	var proof []tlog.Hash
	for _, text := range given {
		hash, err := tlog.ParseHash(text)
		if err != nil {
			return err
		}
		proof = append(proof, hash)
	}
	root, err := tlog.TreeHash(of, hashes)
	if err != nil {
		return err
	}
	var ours []tlog.Hash
	switch kind {
	case "record":
		if ours, err = tlog.ProveRecord(of, one, hashes); err != nil {
			return err
		}
		if err := tlog.CheckRecord(proof, of, root, one, leaf(one)); err != nil {
			return err
		}
	case "tree":
		old, err := tlog.TreeHash(one, hashes)
		if err != nil {
			return err
		}
		if ours, err = tlog.ProveTree(of, one, hashes); err != nil {
			return err
		}
		if err := tlog.CheckTree(proof, of, root, one, old); err != nil {
			return err
		}
	default:
		return fmt.Errorf("no such proof")
	}
	if !slices.Equal(ours, proof) {
		return fmt.Errorf("Go makes another proof")
	}
	return nil
}
