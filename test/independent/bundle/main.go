// Verify-bundle checks the file of an export by docs/log-format.md alone. It asks nobody, and has no code of Sallyport.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

const manifestName = "manifest.json"

var (
	inOrder = strings.Fields("records.jsonl records.csv proofs.json checkpoint keys.json granted.json exact.jsonl " +
		"custody.json VERIFY.md certification-draft.md manifest.json")
	ofEvidence = []string{"exact.jsonl", "custody.json"}
	where      = "arguments" // what is looked at, for the message of a fault
)

func must(ok bool, fault string, args ...any) {
	if !ok {
		fmt.Fprintf(os.Stderr, "%s: %s\n", where, fmt.Sprintf(fault, args...))
		os.Exit(1)
	}
}

func main() {
	must(len(os.Args) == 3, "verify-bundle <bundle.zip> <the log's key>")
	vkey := strings.TrimSpace(os.Args[2])
	file, err := os.ReadFile(os.Args[1])
	must(err == nil, "%v", err)
	where = os.Args[1]
	names, contents := unpack(file)

	where = manifestName
	manifest := at[object](parse(contents[manifestName]))
	must(at[string](manifest, "format") == "sallyport-bundle/1", "another format")
	verifyFiles(names, contents, manifest)

	where = "checkpoint"
	tree := openCheckpoint(string(contents["checkpoint"]), vkey)
	asked := whole(manifest, "size")
	must(asked <= tree.size, "smaller than the tree of the request")
	must(at[string](manifest, "log") == tree.origin, "it is of another log than the manifest")
	where = "keys.json"
	must(at[string](parse(contents["keys.json"]), "log") == vkey, "it names another key of the log")
	where = "proofs.json"
	proofs := parse(contents["proofs.json"])
	root := decode(std, 32, at[string](proofs, "root"))
	must(whole(proofs, "size") == tree.size && bytes.Equal(root, tree.root), "it is of another tree")

	records := verifyRecords(contents, manifest, tree, at[[]any](proofs, "proofs"))
	grant := "granted.json is absent: what it says of the export is not proved"
	if granted, here := contents["granted.json"]; here {
		where = "granted.json"
		grant = "granted by " + verifyGrant(parse(granted), manifest, tree).eid
	}
	fmt.Printf("%d records in the tree of size %d of %s; %s; %s\n", len(records), tree.size, tree.origin, gaps(records), grant)
}

func verifyFiles(names []string, contents map[string][]byte, manifest object) {
	listed := at[[]any](manifest, "files")
	seen := map[string]bool{manifestName: true}
	evidence := at[string](manifest, "kind") == "evidence"
	for _, file := range listed {
		name := at[string](file, "name")
		content, here := contents[name]
		must(here && !seen[name], "%s is not in the ZIP file, or is listed twice", name)
		seen[name] = true
		sum := sha256.Sum256(content)
		must(whole(file, "bytes") == uint64(len(content)), "%s is not as long as it says", name)
		must(at[string](file, "sha256") == hex.EncodeToString(sum[:]), "%s has not the digest that it says", name)
	}
	must(len(listed) == len(names)-1 && len(contents) == len(names), "the ZIP file has other files than it says")
	for _, name := range inOrder {
		if len(names) > 0 && names[0] == name {
			names = names[1:]
			must(evidence || !slices.Contains(ofEvidence, name), "%s is only of evidence", name)
		} else {
			must(name == "granted.json" || !evidence && slices.Contains(ofEvidence, name), "%s is not in its place", name)
		}
	}
	must(len(names) == 0, "%s is no file of a bundle, or not in its place", names)
}

func verifyRecords(contents map[string][]byte, manifest object, tree checkpoint, proofs []any) (records []proven) {
	readers := map[string]string{}
	for _, each := range at[[]any](manifest, "readers") {
		month := at[string](each, "month")
		must(readers[month] == "", "two readers for %s", month)
		readers[month] = at[string](each, "reader")
	}
	lines := linesOf(contents, "records.jsonl")
	must(uint64(len(lines)) == whole(manifest, "records") && len(lines) == len(proofs), "not as many records as it says")
	_, evidence := contents["exact.jsonl"]
	sealed := linesOf(contents, "exact.jsonl")
	must(!evidence || len(sealed) == len(lines), "not as many lines of exact.jsonl as records")
	eids, indexes := map[string]bool{}, map[uint64]bool{}
	for i, line := range lines {
		where = fmt.Sprintf("records.jsonl, line %d", i+1)
		var proof []string
		for _, text := range at[[]any](proofs[i], "hashes") {
			proof = append(proof, at[string](text))
		}
		r := verifyRecord(parse(line), tree, proof)
		must(r.index == whole(proofs[i], "index") && r.index < whole(manifest, "size"), "another place, or a later one")
		must(!eids[r.eid] && !indexes[r.index], "it stands there twice")
		eids[r.eid], indexes[r.index] = true, true
		month := fmt.Sprintf("%04d-%02d", r.epoch/12, r.epoch%12+1)
		must(r.reader == readers[month], "it is the copy of another reader")
		if evidence {
			verifySeal(r, parse(sealed[i]))
		}
		records = append(records, r)
	}
	return records
}

func linesOf(contents map[string][]byte, name string) [][]byte {
	content := contents[name]
	if len(content) == 0 {
		return nil
	}
	where = name
	must(bytes.HasSuffix(content, []byte("\n")), "its last line does not end")
	return bytes.Split(content[:len(content)-1], []byte("\n"))
}

func verifyGrant(record any, manifest object, tree checkpoint) proven {
	text := at[string](record, "proof")
	head, note, _ := strings.Cut(text, "\n\n")
	lines := strings.Split(head, "\n")
	must(len(lines) >= 2 && lines[0] == "c2sp.org/tlog-proof@v1" && note == tree.note, "no proof by the same checkpoint")
	r := verifyRecord(record, tree, lines[2:])
	must(lines[1] == fmt.Sprintf("index %d", r.index), "the proof is of another place")
	unmapped := at[object](r.body, "unmapped")
	must(r.eid == at[string](manifest, "entry") && whole(r.view, "type") == 3 && unmapped["kind"] == "export_granted",
		"it is not the grant that the manifest names")
	for _, name := range strings.Fields("export export_kind query from to size purpose by") {
		there := name
		if renamed := map[string]string{"export_kind": "kind", "by": "decided_by"}[name]; renamed != "" {
			there = renamed
		}
		must(same(unmapped[name], manifest[there]), "%s is not that of the manifest", name)
	}
	user, by := at[object](r.body, "actor", "user"), at[object](manifest, "by")
	must(same(user["uid"], by["person"]) && same(user["name"], by["name"]) &&
		at[string](user, "org", "uid") == at[string](by, "organisation"), "somebody else asked for it")
	return r
}

// The places between the first and the last of which the bundle has no record.
func gaps(records []proven) string {
	slices.SortFunc(records, func(a, b proven) int { return int(a.index) - int(b.index) })
	var named []string
	for i := 1; i < len(records); i++ {
		if from, to := records[i-1].index+1, records[i].index-1; from < to {
			named = append(named, fmt.Sprintf("%d–%d", from, to))
		} else if from == to {
			named = append(named, strconv.FormatUint(from, 10))
		}
	}
	if len(named) == 0 {
		return "no gaps"
	}
	return "gaps at " + strings.Join(named, ", ")
}
