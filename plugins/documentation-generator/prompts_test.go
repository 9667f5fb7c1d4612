package main

// Each prompt is what stands in test/golden. A changed one is written anew by `GOLDEN=write go test ./...`, then read.

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"documentation-generator/sdk"
)

func golden(t *testing.T, name string, request sdk.Request) {
	t.Helper()
	var text strings.Builder
	text.WriteString("--- system\n" + request.System + "\n")
	for _, turn := range request.Messages {
		var block struct{ Text string }
		if err := json.Unmarshal(turn.Content[0], &block); err != nil {
			t.Fatal(err)
		}
		text.WriteString("--- " + turn.Role + "\n" + block.Text + "\n")
	}
	schema, err := json.MarshalIndent(request.Options, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	text.WriteString("--- options\n" + string(schema) + "\n")
	file := filepath.Join("test", "golden", name+".txt")
	if os.Getenv("GOLDEN") == "write" {
		if err := os.WriteFile(file, []byte(text.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(kept) != text.String() {
		t.Errorf("%s is another; it is now:\n%s", file, text.String())
	}
}

func TestPromptsAreGolden(t *testing.T) {
	host := play(says(plan), says(started), says("{}"), says(named))
	host.rules = "British spelling."
	documented(t, host, payload)
	golden(t, "plan", host.asked[0])
	golden(t, "page", host.asked[1])
	golden(t, "repair", host.asked[3])
	for _, audience := range []string{"", "developers", "operators"} {
		host := play(says(plan), cut(started, `{"heading":"First`), says(Written{started.Sections[1:]}), says(named))
		documented(t, host, strings.Replace(payload, `"users"`, `"`+audience+`"`, 1))
		golden(t, strings.TrimSuffix("rest-for-"+audience, "-for-"), host.asked[2])
	}
}
