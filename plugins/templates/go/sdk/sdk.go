// Package sdk speaks Anvil's line protocol, and has helpers around it. Nothing here is particular to one agent.
package sdk

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Host is what an agent needs of its host. Tests stand in for it with a Claude of their own.
type Host interface {
	// Call calls a function of the protocol by its name; ok is filled from the answer. An error is a *Failure.
	Call(function string, arguments, ok any) error
}

// Failure says why a job has no result. The kinds "invalid-input", "over-budget" and "final" are not tried again;
// "bad-reply" and "internal" are. Any other error is "internal".
type Failure struct {
	Kind    string `json:"kind"`
	Message string `json:"message"`
}

func (f *Failure) Error() string { return f.Message }

// Fail makes a Failure.
func Fail(kind, format string, a ...any) error {
	return &Failure{kind, fmt.Sprintf(format, a...)}
}

// CallFailed is the job's failure for a call to Claude that has no reply.
func CallFailed(kind, message string) error {
	switch kind {
	case "over-budget", "calls-exhausted":
		kind = "over-budget"
	case "too-large":
		kind = "invalid-input"
	case "invalid-request", "unbounded-content":
		kind = "final"
	default:
		kind = "internal"
	}
	return &Failure{kind, message}
}

// Request is a question to Claude, as the protocol has it.
type Request struct {
	System          string         `json:"system,omitempty"`
	Messages        []Message      `json:"messages"`
	Tools           []Declared     `json:"tools,omitempty"`
	Effort          string         `json:"effort,omitempty"`
	MaxOutputTokens int            `json:"max_output_tokens,omitempty"`
	Options         map[string]any `json:"options,omitempty"`
}

// Message is one turn.
type Message struct {
	Role    string            `json:"role"`
	Content []json.RawMessage `json:"content"`
}

// Declared is what Claude is told of a tool.
type Declared struct {
	Name        string          `json:"name"`
	Description string          `json:"description"`
	InputSchema json.RawMessage `json:"input_schema"`
}

// Reply is Claude's answer. Its blocks are kept as they came, so that they can be handed back.
type Reply struct {
	Content    []json.RawMessage `json:"content"`
	Text       string            `json:"text"`
	StopReason string            `json:"stop_reason"`
	Model      string            `json:"model"`
}

// NewRequest makes a request of one turn.
func NewRequest(system, text string) Request {
	return Request{System: system, Messages: []Message{{"user", []json.RawMessage{block(map[string]any{"type": "text", "text": text})}}}}
}

// Ask asks Claude and waits for the whole answer.
func Ask(host Host, request Request) (Reply, error) {
	var reply Reply
	return reply, host.Call("claude.complete", request, &reply)
}

// Complete asks for a text and gives a text.
func Complete(host Host, request Request) (string, error) {
	reply, err := Ask(host, request)
	if err != nil {
		return "", err
	}
	return reply.Text, whole(reply)
}

// CompleteJSON asks for JSON of a schema, and reads it into result.
func CompleteJSON(host Host, request Request, schema json.RawMessage, result any) error {
	format := map[string]any{"format": map[string]any{"type": "json_schema", "schema": schema}}
	request.Options = map[string]any{"output_config": format}
	text, err := Complete(host, request)
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(result); err != nil {
		return Fail("bad-reply", "the answer is not the JSON asked for: %v", err)
	}
	return nil
}

// whole refuses an answer that was cut or refused.
func whole(reply Reply) error {
	switch reply.StopReason {
	case "max_tokens":
		return Fail("bad-reply", "the answer was cut at its most tokens")
	case "refusal":
		return Fail("final", "Claude refused to answer")
	}
	return nil
}

// Tool is what Claude is told of a tool, and the function that does it. An error is told to Claude, which may try again;
// a *Failure ends the job.
type Tool struct {
	Declared
	Run func(input json.RawMessage) (string, error)
}

// ToolLoop asks Claude with tools, runs those that it uses, and asks again, until it answers without one.
// After maxTurns questions without such an answer the job fails; so it does when its budget is spent.
func ToolLoop(host Host, request Request, tools []Tool, maxTurns int) (Reply, error) {
	request.Tools = nil
	for _, tool := range tools {
		request.Tools = append(request.Tools, tool.Declared)
	}
	for range maxTurns {
		reply, err := Ask(host, request)
		if err != nil {
			return Reply{}, err
		}
		var results []json.RawMessage
		for _, raw := range reply.Content {
			result, err := used(raw, tools)
			if err != nil {
				return Reply{}, err
			}
			if result != nil {
				results = append(results, result)
			}
		}
		if len(results) == 0 {
			return reply, whole(reply)
		}
		request.Messages = append(request.Messages, Message{"assistant", reply.Content}, Message{"user", results})
	}
	return Reply{}, Fail("final", "there was no answer after %d turns", maxTurns)
}

// used gives the result of a block that uses a tool; nothing for another.
func used(raw json.RawMessage, tools []Tool) (json.RawMessage, error) {
	var use struct {
		Type, ID, Name string
		Input          json.RawMessage
	}
	if err := json.Unmarshal(raw, &use); err != nil || use.Type != "tool_use" {
		return nil, nil
	}
	content, err := "", fmt.Errorf("there is no tool %s", use.Name)
	for _, tool := range tools {
		if tool.Name == use.Name {
			content, err = tool.Run(use.Input)
			break
		}
	}
	if failed := (*Failure)(nil); errors.As(err, &failed) {
		return nil, failed
	}
	if err != nil {
		content = err.Error()
	}
	return block(map[string]any{"type": "tool_result", "tool_use_id": use.ID, "content": content, "is_error": err != nil}), nil
}

func block(fields map[string]any) json.RawMessage {
	raw, err := json.Marshal(fields)
	if err != nil {
		panic(err) // texts and truths alone: they can always be written
	}
	return raw
}
