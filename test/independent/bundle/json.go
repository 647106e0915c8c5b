package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

type object = map[string]any

var (
	// Whole pairs of surrogates, halves, and every other character behind a backslash.
	escapes  = regexp.MustCompile(`\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]|(u[dD][89a-fA-F])|.)`)
	decimal  = regexp.MustCompile(`^(0|[1-9][0-9]{0,15})$`)
	url, std = base64.RawURLEncoding, base64.StdEncoding
)

// JSON as RFC 8785 wants it: no name twice in an object, and nothing in a text but Unicode. encoding/json minds neither.
func parse(text []byte) any {
	must(json.Valid(text) && utf8.Valid(text), "this is not JSON")
	for _, found := range escapes.FindAllSubmatch(text, -1) {
		must(found[1] == nil, "half a surrogate pair")
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	return parseValue(decoder)
}

func parseValue(d *json.Decoder) any {
	token, _ := d.Token()
	switch token {
	case json.Delim('{'):
		made := object{}
		for d.More() {
			name := parseValue(d).(string)
			_, twice := made[name]
			must(!twice, "an object has the name %q twice", name)
			made[name] = parseValue(d)
		}
		d.Token()
		return made
	case json.Delim('['):
		made := []any{}
		for d.More() {
			made = append(made, parseValue(d))
		}
		d.Token()
		return made
	}
	return token
}

// RFC 8785. encoding/json writes numbers as that wants them, but neither texts nor the order of names.
func jcs(value any) []byte {
	var parts [][]byte
	switch v := value.(type) {
	case object:
		for _, name := range slices.SortedFunc(maps.Keys(v), byUTF16) {
			parts = append(parts, slices.Concat(jcs(name), []byte(":"), jcs(v[name])))
		}
		return slices.Concat([]byte("{"), bytes.Join(parts, []byte(",")), []byte("}"))
	case []any:
		for _, item := range v {
			parts = append(parts, jcs(item))
		}
		return slices.Concat([]byte("["), bytes.Join(parts, []byte(",")), []byte("]"))
	case string:
		text := []byte{'"'}
		for _, r := range v {
			if i := strings.IndexRune("\"\\\b\f\n\r\t", r); i >= 0 {
				text = append(text, '\\', `"\bfnrt`[i])
			} else if r < ' ' {
				text = fmt.Appendf(text, `\u%04x`, r)
			} else {
				text = utf8.AppendRune(text, r)
			}
		}
		return append(text, '"')
	case json.Number:
		number, err := v.Float64()
		must(err == nil, "the number %s", v)
		if number == 0 {
			return []byte("0") // and not -0
		}
		value = number
	}
	text, _ := json.Marshal(value)
	return text
}

func byUTF16(a, b string) int {
	return slices.Compare(utf16.Encode([]rune(a)), utf16.Encode([]rune(b)))
}

func same(a, b any) bool { return bytes.Equal(jcs(a), jcs(b)) }

// What stands at a path, which must be there and be of this kind.
func at[T any](in any, path ...string) T {
	for _, name := range path {
		o, _ := in.(object)
		in = o[name]
	}
	found, ok := in.(T)
	must(ok, "%s is absent, or of another kind", strings.Join(path, "."))
	return found
}

// The same, or nothing where it is not there.
func maybe[T any](in object, name string) (found T) {
	if _, here := in[name]; here {
		found = at[T](in, name)
	}
	return found
}

func whole(in any, path ...string) uint64 {
	text := string(jcs(at[json.Number](in, path...)))
	must(decimal.MatchString(text), "%s is not a whole number", strings.Join(path, "."))
	number, _ := strconv.ParseUint(text, 10, 64)
	return number
}

// Bytes in base64url.
func octets(size int, in any, path ...string) []byte {
	return decode(url, size, at[string](in, path...))
}

// Only from the one canonical form: Go's own decoders, also the strict ones, pass over ends of lines.
func decode(encoding *base64.Encoding, size int, text string) []byte {
	made, err := encoding.DecodeString(text)
	must(err == nil && len(made) == size && encoding.EncodeToString(made) == text, "%q is not %d bytes", text, size)
	return made
}
