package main

// What is read: JSON that was cut, Markdown, and the SDK that this agent was begun with.

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestWhatIsCompleteOfCutJSONIsKept(t *testing.T) {
	whole := `{"a":"x\"y","list":[{"n":"1","of":["p","q"]},{"n":"2","of":[]}],"end":[{"z":"é"}]}`
	for before, kept := range map[string]string{
		`{"n":"2"`: `{"a":"x\"y","list":[{"n":"1","of":["p","q"]}]}`,
		`"q"`:      `{"a":"x\"y","list":[]}`,
		`"end"`:    `{"a":"x\"y","list":[{"n":"1","of":["p","q"]},{"n":"2","of":[]}]}`,
		`"list"`:   `{"a":"x\"y"}`,
		`y"`:       ``,
	} {
		var got, want any
		beginning, _, _ := strings.Cut(whole, before)
		if salvage(beginning, &got) != (kept != "") {
			t.Errorf("%s: %v", before, got)
		}
		if kept != "" && (json.Unmarshal([]byte(kept), &want) != nil || !reflect.DeepEqual(got, want)) {
			t.Errorf("%s: %v", before, got)
		}
	}
	for at := range len(whole) {
		var value map[string]any
		salvage(whole[:at], &value)
		if list, is := value["list"].([]any); is && len(list) > 0 && list[0].(map[string]any)["n"] != "1" {
			t.Errorf("%s: %v", whole[:at], value)
		}
	}
}

func TestMarkdownIsMended(t *testing.T) {
	for body, want := range map[string]string{
		"# Top\ntext\n### low": "### Top\ntext\n### low",
		"#!/bin/sh":            "#!/bin/sh",
		"~~~\n# code [x](y.md)\n```\n~~~\n# Text":  "~~~\n# code [x](y.md)\n```\n~~~\n### Text",
		"[a](a.md), [b](./a.md#x), [c](c.md)":      "[a](a.md), [b](./a.md#x), c",
		"[web](https://example.com/x.md) [up](#u)": "[web](https://example.com/x.md) [up](#u)",
		"[file](/etc/passwd) [js](javascript:x)":   "file js",
	} {
		if got, _, open := mended(body, []string{"a.md"}); got != want || open {
			t.Errorf("%q became %q", body, got)
		}
	}
	for _, body := range []string{"```\nx", "~~~\n```", "````\n```"} {
		if _, _, open := mended(body, nil); !open {
			t.Errorf("%q has an end", body)
		}
	}
}

func TestSourcesShareTheRoom(t *testing.T) {
	long := strings.Repeat("zehn ä b c\n", 2_000)
	for _, room := range []int{100, 1_000, 5_000, 40_000, 100_000} {
		sources := []Source{{"a", "short"}, {"b", long}, {"c", long}}
		text, cut, leftOut := shown(sources, room)
		if len(text) > room || !utf8.ValidString(text) || (room == 100_000) != (len(cut)+len(leftOut) == 0) {
			t.Errorf("%d bytes of %d; %v is cut, %v left out", len(text), room, cut, leftOut)
		}
	}
}

func TestTheSDKIsTheTemplates(t *testing.T) {
	template := filepath.Join("..", "templates", "go", "sdk")
	files, err := os.ReadDir(template)
	if err != nil {
		t.Skip("the template is not there")
	}
	for _, file := range files {
		theirs, _ := os.ReadFile(filepath.Join(template, file.Name()))
		if ours, err := os.ReadFile(filepath.Join("sdk", file.Name())); err != nil || string(ours) != string(theirs) {
			t.Errorf("sdk/%s is another", file.Name())
		}
	}
}
