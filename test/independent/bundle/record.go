package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

const digits = "0123456789abcdefghjkmnpqrstvwxyz"

var (
	withholdable = strings.Fields("comment unmapped.reference unmapped.params unmapped.difference unmapped.hit " +
		"unmapped.effects unmapped.shown unmapped.proposed_shown")
	// Two zero bits and 48 of time are ten digits; then come the version 8 and the variant of a UUID.
	eidForm = regexp.MustCompile(strings.ReplaceAll(
		`^entry_([0-7]D{9})[gh]D{2}[89abrstv]D{12}(\.outcome)?$`, "D", "["+digits+"]"))
)

func hash(parts ...[]byte) []byte {
	sum := sha256.Sum256(slices.Concat(parts...))
	return sum[:]
}

type checkpoint struct {
	note, origin string
	size         uint64
	root         []byte
}

func openCheckpoint(note, vkey string) checkpoint {
	parts := strings.SplitN(vkey, "+", 3)
	must(len(parts) == 3, "%q is no key", vkey)
	key := decode(std, 33, parts[2])
	id := hash([]byte(parts[0]+"\n"), key)[:4]
	must(key[0] == 1 && hex.EncodeToString(id) == parts[1], "%q is no key of Ed25519, or has another's id", vkey)
	text, signatures, _ := strings.Cut(note, "\n\n")
	signed := false
	for line := range strings.Lines(signatures) {
		words := strings.Split(strings.TrimSuffix(line, "\n"), " ")
		must(len(words) == 3 && words[0] == "—" && strings.HasSuffix(line, "\n"), "a line is not of a signed note")
		made, err := std.DecodeString(words[2])
		must(err == nil && len(made) > 4, "a signature is not base64")
		if words[1] == parts[0] && bytes.Equal(made[:4], id) { // others, of witnesses, are passed over
			signed = ed25519.Verify(key[1:], []byte(text+"\n"), decode(std, 68, words[2])[4:])
			must(signed, "the signature is not the log's")
		}
	}
	must(signed, "the log has not signed it")
	lines := strings.Split(text, "\n")
	must(len(lines) == 3 && lines[0] == parts[0] && decimal.MatchString(lines[1]), "not three lines of a checkpoint")
	size, _ := strconv.ParseUint(lines[1], 10, 64)
	return checkpoint{note, lines[0], size, decode(std, 32, lines[2])}
}

type proven struct {
	eid, reader string
	epoch       int
	index       uint64
	view, body  object
	withheld    bool
	shown       bool
}

func verifyRecord(r any, tree checkpoint, proof []string) proven {
	eid, body, view := at[string](r, "eid"), at[object](r, "body"), at[object](r, "view")
	form := eidForm.FindStringSubmatch(eid)
	must(form != nil && eid == at[string](body, "metadata", "uid"), "the eid %q has no such form, or is not the body's", eid)
	ms := int64(0)
	for _, digit := range form[1] {
		ms = ms<<5 | int64(strings.IndexRune(digits, digit))
	}
	month := time.UnixMilli(ms).UTC()
	epoch := month.Year()*12 + int(month.Month()) - 1
	must(uint64(epoch) == whole(view, "epoch"), "the epoch is not that of the eid")
	must(tree.origin == at[string](view, "log"), "it is of another log")

	d := hash([]byte{3}, octets(32, view, "body_salt"), committed(r, body, view))
	must(bytes.Equal(d, octets(32, r, "digest")), "the digest is not that of the body")
	carrier := octets(24, view, "carrier")
	must(timed(r, body, carrier), "the carrier has another time than the body")
	node, position := hash([]byte{2}, octets(16, view, "salt"), carrier, d), whole(view, "position")
	path := at[[]any](view, "path")
	must(len(path) >= 2 && len(path) <= 10 && position>>len(path) == 0, "there is no such slot")
	for level, sibling := range path {
		if position>>level&1 == 1 {
			node = hash([]byte{1}, octets(32, sibling), node)
		} else {
			node = hash([]byte{1}, node, octets(32, sibling))
		}
	}
	kind := whole(view, "type")
	must((kind == 2 || kind == 3 || kind == 5) && whole(view, "flags") == 0, "no leaf has such a type and flags")
	leaf := binary.BigEndian.AppendUint32([]byte{0, 'T', 'P', 'L', '1', byte(kind), 0}, uint32(epoch))
	leaf = slices.Concat(leaf, node, octets(32, view, "attr_commit"), octets(32, view, "seal_commit"))

	index := whole(view, "index")
	must(index < tree.size, "the tree has no place %d", index)
	node = hash(leaf)
	fn, sn := index, tree.size-1 // RFC 9162, 2.1.3.2
	for _, text := range proof {
		p := decode(std, 32, text)
		must(sn != 0, "the proof is too long")
		if fn&1 == 1 || fn == sn {
			for node = hash([]byte{1}, p, node); fn&1 == 0 && fn != 0; fn, sn = fn>>1, sn>>1 {
			}
		} else {
			node = hash([]byte{1}, node, p)
		}
		fn, sn = fn>>1, sn>>1
	}
	must(sn == 0 && bytes.Equal(node, tree.root), "the leaf is not in the tree at %d", index)
	_, shown := r.(object)["shown"]
	return proven{eid, hex.EncodeToString(carrier[:8]), epoch, index, view, body, len(maybe[object](view, "field_hashes")) > 0, shown}
}

const tens = 10_000_000

// Both times of the carrier are without a mark, or begin as those of the body do; what is shown beside it says the same.
func timed(r any, body object, carrier []byte) bool {
	at, took := binary.BigEndian.Uint64(carrier[8:]), binary.BigEndian.Uint64(carrier[16:])
	due := whole(body, "time") * 1000
	begun, lasts := due, body["start_time"] != nil
	if lasts {
		begun = whole(body, "start_time") * 1000
	}
	if shown, here := r.(object)["shown"]; here {
		told := object{"time": time.UnixMicro(int64(at)).UTC().Format("2006-01-02T15:04:05.000000Z"), "exact_to_s": json.Number("10")}
		if lasts {
			told["latency_s"] = fmt.Sprintf("%d.%06d", took/1_000_000, took%1_000_000)
		}
		must(bytes.Equal(jcs(shown), jcs(told)), "the times shown are not those of the carrier")
	}
	marked := (at-at%tens == due || at-at%tens == begun) && took-took%tens == max(due, begun)-begun
	return at == due && took == 0 || marked && (lasts || took == 0)
}

// C(body).
func committed(r any, body, view object) []byte {
	withheld := maybe[[]any](r.(object), "withheld")
	salts, hashes := maybe[object](view, "field_salts"), maybe[object](view, "field_hashes")
	for name := range maps.Keys(salts) {
		must(slices.Contains(withholdable, name), "%s is no field with a salt", name)
	}
	must(len(withheld) == len(hashes), "what is withheld is not what has a hash")
	for name := range hashes {
		must(slices.Contains(withholdable, name) && slices.Contains(withheld, any(name)), "%s is not withheld", name)
	}
	made := maps.Clone(body)
	unmapped := maps.Clone(maybe[object](body, "unmapped"))
	if unmapped != nil {
		made["unmapped"] = unmapped
	}
	for _, name := range withholdable {
		holder, last := made, name
		if after, inner := strings.CutPrefix(name, "unmapped."); inner {
			holder, last = unmapped, after
		}
		value, here := holder[last]
		_, hashed := hashes[name]
		_, salted := salts[name]
		must(!hashed || !here || name == "unmapped.hit", "%s is withheld, and in the body", name)
		must(salted == (here && !hashed), "%s is not there with its salt", name)
		if hashed {
			must(holder != nil, "%s is of nothing", name)
			holder[last] = url.EncodeToString(octets(32, hashes, name))
		} else if here {
			sum := hash([]byte{4}, octets(16, salts, name), jcs(value))
			holder[last] = url.EncodeToString(sum)
		}
	}
	return jcs(made)
}

// The seal of evidence is over the whole body.
func verifySeal(r proven, line any) {
	carrier := octets(24, r.view, "carrier")
	plain := binary.BigEndian.Uint64(carrier[8:]) == whole(r.body, "time")*1000 && binary.BigEndian.Uint64(carrier[16:]) == 0
	must(plain && !r.shown, "its times are marked, and evidence has the exact ones")
	exact := at[object](line, "exact")
	sealed := hash([]byte{5}, octets(32, line, "seal_salt"), jcs(r.body), []byte{'\n'}, jcs(exact))
	must(at[string](line, "eid") == r.eid && bytes.Equal(sealed, octets(32, r.view, "seal_commit")), "it is not what was sealed")
	must(!r.withheld, "of evidence nothing is withheld")
	for _, field := range []string{"time", "start_time"} {
		name := strings.TrimSuffix(field, "_time")
		_, told := exact[name]
		_, floored := r.body[field]
		must(told == floored, "%s stands only at one place", field)
		if told {
			micros, err := strconv.ParseUint(at[string](exact, name), 10, 63)
			must(err == nil && micros/10_000_000*10_000 == whole(r.body, field), "%s is not the exact time, floored", field)
		}
	}
}
