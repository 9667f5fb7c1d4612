package main

// A host that is played, a small judge of JSON Schema, and answers as Claude would give them.

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"documentation-generator/sdk"
)

// What a reply costs, in nano-dollars.
const cost = 2_000_000

// played gives the answers and files that it was given, and keeps what it was asked and told.
type played struct {
	answers   []any // a reply, or an error
	inputs    map[string]string
	left      sdk.Left
	rules     string
	refuses   string
	asked     []sdk.Request
	logged    []string
	artifacts map[string]string
}

func play(answers ...any) *played {
	return &played{answers: answers, left: sdk.Left{JobNanodollars: 1e9, Calls: 50, MaxInputTokens: 8000, MaxOutputTokens: 2000},
		artifacts: map[string]string{}}
}

func (p *played) Call(function string, arguments, ok any) error {
	given, err := json.Marshal(arguments)
	if err != nil {
		return err
	}
	var said struct{ Key, Name, Level, Line, Text string }
	if err := json.Unmarshal(given, &said); err != nil {
		return err
	}
	answer := func(value any) error {
		raw, err := json.Marshal(value)
		if err != nil {
			return err
		}
		return json.Unmarshal(raw, ok)
	}
	switch function {
	case "claude.complete":
		p.asked = append(p.asked, arguments.(sdk.Request))
		if len(p.answers) == 0 {
			return errors.New("there is no answer left")
		}
		next := p.answers[0]
		p.answers = p.answers[1:]
		if err, is := next.(error); is {
			return err
		}
		return answer(next)
	case "claude.allowance":
		return answer(p.left)
	case "settings.get":
		return answer(map[string]string{"house_rules": p.rules}[said.Key])
	case "job.inputs":
		var files []sdk.InputFile
		for name := range p.inputs {
			files = append(files, sdk.InputFile{Name: name})
		}
		return answer(files)
	case "job.input":
		if content := p.inputs[said.Name]; utf8.ValidString(content) {
			return answer(map[string]string{"text": content})
		}
		return answer(map[string]string{"base64": base64.StdEncoding.EncodeToString([]byte(p.inputs[said.Name]))})
	case "job.log":
		p.logged = append(p.logged, said.Level+": "+said.Line)
	case "job.artifact":
		if said.Name == p.refuses {
			return sdk.CallFailed("", "there are too many files")
		}
		p.artifacts[said.Name] = said.Text
	}
	return nil
}

// prompt is the text of a question's last turn.
func (p *played) prompt(number int) string {
	turns := p.asked[number].Messages
	var block struct{ Text string }
	if err := json.Unmarshal(turns[len(turns)-1].Content[0], &block); err != nil {
		panic(err)
	}
	return block.Text
}

// says is a reply with a text, or with JSON.
func says(answer any) sdk.Reply {
	text, is := answer.(string)
	if !is {
		raw, err := json.Marshal(answer)
		if err != nil {
			panic(err)
		}
		text = string(raw)
	}
	block, err := json.Marshal(map[string]string{"type": "text", "text": text})
	if err != nil {
		panic(err)
	}
	return sdk.Reply{Content: []json.RawMessage{block}, Text: text, StopReason: "end_turn", CostNanodollars: cost}
}

// cut is a reply that was cut before a text in it.
func cut(answer any, at string) sdk.Reply {
	reply := says(answer)
	whole, _, found := strings.Cut(reply.Text, at)
	if !found {
		panic(at + " is not in " + reply.Text)
	}
	reply = says(whole)
	reply.StopReason = "max_tokens"
	return reply
}

func refused() sdk.Reply {
	reply := says("")
	reply.StopReason = "refusal"
	return reply
}

func fails(call string) error { return sdk.CallFailed(call, "it is "+call) }

func kind(err error) string {
	if failed := (*sdk.Failure)(nil); errors.As(err, &failed) {
		return failed.Kind
	}
	return fmt.Sprint(err)
}

var (
	payload = `{"title":"Short links","audience":"users","requirements":"A link gets a short name.","files":[{"path":"main.go","content":"package main\n"}]}`
	start   = Page{"start", "Getting started", "How to run it.", []string{"Install", "First link"}, []string{"main.go"}}
	names   = Page{"names", "Names", "How names are given.", []string{"Rules"}, []string{"requirements", "main.go"}}
	plan    = Plan{"Links", "Short links for a team.", []Page{start, names}}
	started = Written{[]Section{{"Install", "Run `go build`.\n\n```sh\ngo build\n# not a heading\n```"}, {"First link", "See [Names](names.md) and [gone](gone.md#x)."}}}
	named   = Written{[]Section{{"Rules", "# Rules\nA name has letters.\n\n## Length\nSix."}}}
)

// documented is the result of a job, which keeps to its schema and accounts for every reply.
func documented(t *testing.T, host *played, payload string) *Result {
	t.Helper()
	given, err := run(host, "generate-docs", json.RawMessage(payload))
	if err != nil {
		t.Fatal(err)
	}
	result := given.(*Result)
	raw, err := json.Marshal(result)
	if err != nil {
		t.Fatal(err)
	}
	var value, said any
	if json.Unmarshal(raw, &value) != nil || json.Unmarshal(description, &said) != nil {
		t.Fatal("no JSON")
	}
	schema := said.(map[string]any)["actions"].([]any)[0].(map[string]any)["output_schema"].(map[string]any)
	if wrong := judge(value, schema, "result"); len(wrong) > 0 {
		t.Errorf("the result is not valid: %v", wrong)
	}
	if len(host.answers) > 0 {
		t.Errorf("%d answers were not asked for", len(host.answers))
	}
	if result.Complete != (len(result.Missing) == 0) {
		t.Errorf("complete is %v with %v", result.Complete, result.Missing)
	}
	for _, page := range result.Pages {
		if len(host.artifacts[page.Path]) != page.Bytes {
			t.Errorf("%s has %d bytes, not %d", page.Path, len(host.artifacts[page.Path]), page.Bytes)
		}
	}
	return result
}

// judge says what is wrong with a value by a schema, as far as this agent's own go.
func judge(value any, schema map[string]any, where string) (wrong []string) {
	bad := func(what string) { wrong = append(wrong, where+" "+what) }
	switch schema["type"] {
	case "object":
		fields, is := value.(map[string]any)
		if !is {
			bad("is no object")
		}
		properties := schema["properties"].(map[string]any)
		for _, name := range schema["required"].([]any) {
			if _, has := fields[name.(string)]; !has {
				bad("lacks " + name.(string))
			}
		}
		for name, part := range fields {
			if property, has := properties[name]; has {
				wrong = append(wrong, judge(part, property.(map[string]any), where+"."+name)...)
			} else {
				bad("has " + name)
			}
		}
	case "array":
		items, is := value.([]any)
		if !is {
			bad("is no list")
		}
		for _, item := range items {
			wrong = append(wrong, judge(item, schema["items"].(map[string]any), where+"[]")...)
		}
	case "string":
		if _, is := value.(string); !is {
			bad("is no text")
		}
	case "boolean":
		if _, is := value.(bool); !is {
			bad("is no truth")
		}
	case "integer", "number":
		number, is := value.(float64)
		least, has := schema["minimum"].(float64)
		if !is || (has && number < least) || (schema["type"] == "integer" && number != float64(int(number))) {
			bad("is no such number")
		}
	}
	return wrong
}

func equal(t *testing.T, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
