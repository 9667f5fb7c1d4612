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
	// Call calls a function of the protocol by its name; ok is filled from the answer. An error that the host gives is a
	// *CallError.
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

// CallError is a call to Claude, or another of the host's, that has no answer.
type CallError struct {
	Failure
	// Call is the call's own kind of error.
	Call string
}

// Unwrap gives the job's failure.
func (c *CallError) Unwrap() error { return &c.Failure }

// CallFailed makes a CallError, with the failure that the job has for it.
func CallFailed(call, message string) error {
	kind := "internal"
	switch call {
	case "over-budget", "calls-exhausted":
		kind = "over-budget"
	case "too-large":
		kind = "invalid-input"
	case "invalid-request", "unbounded-content":
		kind = "final"
	}
	return &CallError{Failure{kind, message}, call}
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
	// CostNanodollars is what it cost, in nano-dollars (10^-9 US dollars).
	CostNanodollars uint64 `json:"cost_nanodollars"`
}

// NewRequest makes a request of one turn.
func NewRequest(system, text string) Request {
	return Request{System: system, Messages: []Message{{"user", textBlocks(text)}}}
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

// Malformed is what is wrong with an answer, as a sentence that Claude can mend it by.
type Malformed struct{ Wrong string }

func (m *Malformed) Error() string { return m.Wrong }

// Wrong makes a Malformed.
func Wrong(format string, a ...any) error {
	return &Malformed{fmt.Sprintf(format, a...)}
}

const repair = "Your answer cannot be used: %s\n\nGive the whole answer once more, with that mended: JSON of the schema that " +
	"was asked for, and nothing else."

// CompleteJSON asks for JSON of a schema.
//
// A schema cannot say all that has to hold: check looks at the answer and gives a *Malformed (see Wrong) where it will not do.
// Then, and where the answer is no such JSON, Claude is told and asked once more; a second such answer is a "bad-reply".
// A nil check takes every answer.
func CompleteJSON[T any](host Host, request Request, schema json.RawMessage, check func(*T) error) (*T, error) {
	format := map[string]any{"format": map[string]any{"type": "json_schema", "schema": schema}}
	request.Options = map[string]any{"output_config": format}
	for repaired := false; ; repaired = true {
		reply, err := Ask(host, request)
		if err == nil {
			err = whole(reply)
		}
		if err != nil {
			return nil, err
		}
		result, err := read(reply.Text, check)
		wrong := (*Malformed)(nil)
		if !errors.As(err, &wrong) {
			return result, err
		}
		if repaired {
			return nil, Fail("bad-reply", "the answer was malformed, and again when it was sent back: %s", wrong.Wrong)
		}
		if err := Log(host, "warn", "repair: "+wrong.Wrong); err != nil {
			return nil, err
		}
		turns := []Message{{"assistant", reply.Content}, {"user", textBlocks(fmt.Sprintf(repair, wrong.Wrong))}}
		request.Messages = append(request.Messages[:len(request.Messages):len(request.Messages)], turns...)
	}
}

// read makes a value of an answer.
func read[T any](answer string, check func(*T) error) (*T, error) {
	if TooDeep(answer) {
		return nil, Wrong("it has more than %d lists and objects within each other", Deepest)
	}
	result := new(T)
	decoder := json.NewDecoder(strings.NewReader(answer))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(result); err != nil {
		return nil, Wrong("it is not the JSON asked for (%v)", err)
	}
	if check == nil {
		return result, nil
	}
	return result, check(result)
}

// Cut is an answer that ended before Claude was done. As the job's failure it is a "bad-reply".
type Cut struct {
	Failure
	// Text is what there is of it.
	Text string
}

// Unwrap gives the failure.
func (c *Cut) Unwrap() error { return &c.Failure }

// whole refuses an answer that was cut or refused. "max_tokens" is one reason of several, and the API gains others: each but
// those that are known for an end is a cut.
func whole(reply Reply) error {
	switch reason := reply.StopReason; reason {
	case "end_turn", "stop_sequence":
		return nil
	case "refusal":
		return Fail("final", "Claude refused to answer")
	default:
		return &Cut{Failure{"bad-reply", fmt.Sprintf("the answer was cut (%s); more tokens a call may help", reason)}, reply.Text}
	}
}

func textBlocks(text string) []json.RawMessage {
	return []json.RawMessage{block(map[string]any{"type": "text", "text": text})}
}

func block(fields map[string]any) json.RawMessage {
	raw, err := json.Marshal(fields)
	if err != nil {
		panic(err) // texts and truths alone: they can always be written
	}
	return raw
}
