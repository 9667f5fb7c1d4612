package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"my-agent/sdk"
)

// What the host is told when the plugin is loaded. It makes its form and its checks from the schemas.
//
//go:embed description.json
var description json.RawMessage

// summarySchema is the schema of Summary, out of the description: Claude keeps to it, and the host checks the result by it.
func summarySchema() (json.RawMessage, error) {
	var said struct {
		Actions []struct {
			OutputSchema json.RawMessage `json:"output_schema"`
		} `json:"actions"`
	}
	if err := json.Unmarshal(description, &said); err != nil {
		return nil, err
	}
	return said.Actions[0].OutputSchema, nil
}

// Summary is the result.
type Summary struct {
	Title     string   `json:"title"`
	Summary   string   `json:"summary"`
	KeyPoints []string `json:"key_points"`
}

// run does a job.
func run(host sdk.Host, action string, payload json.RawMessage) (any, error) {
	switch action {
	case "summarize":
		var input struct{ Text string }
		if err := json.Unmarshal(payload, &input); err != nil {
			return nil, sdk.Fail("invalid-input", "the payload cannot be read: %v", err)
		}
		return summarize(host, input.Text)
	default:
		return nil, sdk.Fail("invalid-input", "there is no action %s", action)
	}
}

func summarize(host sdk.Host, text string) (*Summary, error) {
	fmt.Printf("summarizing %d characters\n", utf8.RuneCountInString(text)) // it is in the job's log
	if err := sdk.Progress(host, 0.1, "Reading"); err != nil {
		return nil, err
	}
	schema, err := summarySchema()
	if err != nil {
		return nil, err
	}
	request := sdk.NewRequest("Summarize the text that you are given, in its own language: a title, a summary of at most three "+
		"sentences, and three to five key points. Say nothing that the text does not say.", text)
	request.MaxOutputTokens = 1000
	return sdk.CompleteJSON[Summary](host, request, schema, nil)
}
