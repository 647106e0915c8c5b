package main

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"io"
)

// The files of a ZIP file in which every reader of such files must find the same, and nothing else.
func unpack(file []byte) (names []string, contents map[string][]byte) {
	archive, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	must(err == nil && archive.Comment == "", "not a ZIP file, or one with a comment: %v", err)
	contents = map[string][]byte{}
	end := 0
	for _, f := range archive.File {
		must(f.Flags&1 == 0 && f.Comment == "" && len(f.Extra) == 0 && f.Mode().IsRegular(),
			"%q is encrypted, no file, or has more than a name", f.Name)
		lengths := [3]uint32{f.CRC32, uint32(f.CompressedSize64), uint32(f.UncompressedSize64)}
		var before, after any = lengths, []byte{}
		if f.Flags&8 != 0 {
			before, after = [3]uint32{}, [4]uint32{0x08074b50, lengths[0], lengths[1], lengths[2]}
		}
		head := [...]uint16{f.ReaderVersion, f.Flags, f.Method, f.ModifiedTime, f.ModifiedDate}
		end = next(file, end, f.Name, "PK\x03\x04", head, before, uint16(len(f.Name)), uint16(0), f.Name)
		end = next(file, end+int(f.CompressedSize64), f.Name, after)
		opened, err := f.Open()
		must(err == nil, "%q: %v", f.Name, err)
		contents[f.Name], err = io.ReadAll(opened)
		must(err == nil, "%q: %v", f.Name, err)
		names = append(names, f.Name)
	}
	count, length := uint16(len(names)), uint32(len(file)-22-end)
	last := next(file, len(file)-22, "its end", "PK\x05\x06\x00\x00\x00\x00", count, count, length, uint32(end), uint16(0))
	must(last == len(file), "there is more behind its end")
	return names, contents
}

// Where the next bytes begin, after those that must stand here.
func next(file []byte, at int, what string, parts ...any) int {
	var wanted []byte
	for _, part := range parts {
		if text, is := part.(string); is {
			part = []byte(text)
		}
		wanted, _ = binary.Append(wanted, binary.LittleEndian, part)
	}
	must(at >= 0 && at+len(wanted) <= len(file) && bytes.Equal(file[at:at+len(wanted)], wanted),
		"%q does not stand where it should, or the directory has it otherwise", what)
	return at + len(wanted)
}
