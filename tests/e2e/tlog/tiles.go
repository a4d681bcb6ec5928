package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// tiles reads the static files of C2SP tlog-tiles, whose names lack the height that Go's have.
type tiles string

func (t tiles) Height() int { return 8 }

func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var read [][]byte
	for _, tile := range wanted {
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		data, err := os.ReadFile(filepath.Join(string(t), path))
		if err != nil {
			return nil, err
		}
		read = append(read, data)
	}
	return read, nil
}

func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}

// entries is a bundle of records, each with its length before it.
func (t tiles) entries(bundle, count int64) ([][]byte, error) {
	tile := tlog.Tile{H: 8, L: 0, N: bundle, W: int(count)}
	path := strings.Replace(tile.Path(), "tile/8/0/", "tile/entries/", 1)
	data, err := os.ReadFile(filepath.Join(string(t), path))
	if err != nil {
		return nil, err
	}
	var records [][]byte
	for len(data) > 0 {
		if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
			return nil, fmt.Errorf("%s ends within a record", path)
		}
		length := int(binary.BigEndian.Uint16(data))
		records = append(records, data[2:2+length])
		data = data[2+length:]
	}
	if int64(len(records)) != count {
		return nil, fmt.Errorf("%s holds %d records, not %d", path, len(records), count)
	}
	return records, nil
}

// checkTiles checks every record and every tile against the signed head.
func checkTiles(folder, vkey string) error {
	text, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	if err != nil {
		return err
	}
	head, err := openHead(text, vkey)
	if err != nil {
		return err
	}
	read := tiles(folder)
	hashes := tlog.TileHashReader(tlog.Tree{N: head.size, Hash: head.root}, read)
	for first := int64(0); first < head.size; first += 256 {
		count := min(head.size-first, 256)
		records, err := read.entries(first/256, count)
		if err != nil {
			return err
		}
		indexes := make([]int64, count)
		for at := range indexes {
			indexes[at] = tlog.StoredHashIndex(0, first+int64(at))
		}
		stored, err := hashes.ReadHashes(indexes)
		if err != nil {
			return err
		}
		for at, record := range records {
			if tlog.RecordHash(record) != stored[at] {
				return fmt.Errorf("record %d is not that of its tile", first+int64(at))
			}
		}
	}
	fmt.Printf("%d records in tiles under the head\n", head.size)
	return nil
}
