package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"documentation-generator/sdk"
)

const (
	// The most tokens of a call, where the host allows more: a hold is taken for all of them.
	mostInput  = 32_000
	mostOutput = 4_000
	// Fewer bytes than a token of any text has: a guess errs on the safe side.
	bytesPerToken = 2
	// Bytes of material below which a call makes no sense.
	leastRoom = 1_000
)

// work is a job under way: what its calls may have, what they cost, and what the result will lack.
type work struct {
	host         sdk.Host
	system       string
	inputTokens  int
	outputTokens int
	calls        int
	nanodollars  uint64
	missing      []string
	// How much of each source a call had, by its name; the most of all calls counts.
	seen map[string]extent
	// The sources that a sentence of missing names.
	named map[string]bool
}

// begin looks at what the job may have.
func begin(host sdk.Host, audience string) (*work, error) {
	left, err := sdk.Allowance(host)
	if err != nil {
		return nil, err
	}
	rules, err := sdk.Setting(host, "house_rules")
	if err != nil {
		return nil, err
	}
	return &work{host: host, system: system(audience, rules), inputTokens: min(left.MaxInputTokens, mostInput),
		outputTokens: min(left.MaxOutputTokens, mostOutput), seen: map[string]extent{}, named: map[string]bool{}}, nil
}

// Call is the host's, and counts what replies cost.
func (w *work) Call(function string, arguments, ok any) error {
	err := w.host.Call(function, arguments, ok)
	if reply, is := ok.(*sdk.Reply); is && err == nil {
		w.calls++
		w.nanodollars += reply.CostNanodollars
	}
	return err
}

// room is the bytes of a call's material. The rest is for the instructions, the question and the schema.
func (w *work) room() int {
	return max(leastRoom, w.inputTokens*bytesPerToken-len(w.system)-3_000)
}

// miss notes what the result will lack.
func (w *work) miss(format string, a ...any) {
	sentence := fmt.Sprintf(format, a...)
	_ = sdk.Log(w.host, "warn", sentence) // the sentence is in the result too
	w.missing = append(w.missing, sentence)
}

// ask asks for JSON. A request that the host finds too large is made anew with half of the room.
func ask[T any](w *work, prompt func() string, schema json.RawMessage, check func(*T) error) (*T, error) {
	for {
		request := sdk.NewRequest(w.system, prompt())
		request.MaxOutputTokens = w.outputTokens
		value, err := sdk.CompleteJSON(w, request, schema, check)
		if failed := (*sdk.CallError)(nil); !errors.As(err, &failed) || failed.Call != "too-large" || w.room() <= leastRoom {
			return value, err
		}
		if err := sdk.Log(w.host, "warn", err.Error()+"; asking with half of the material"); err != nil {
			return nil, err
		}
		w.inputTokens /= 2
	}
}

// isFinal says whether another attempt of the job would end the same way: then what there is already is delivered.
func isFinal(err error) bool {
	failed := (*sdk.Failure)(nil)
	return errors.As(err, &failed) && (failed.Kind == "over-budget" || failed.Kind == "final" || failed.Kind == "invalid-input")
}

// isSpent says whether the job may spend no more.
func isSpent(err error) bool {
	failed := (*sdk.Failure)(nil)
	return errors.As(err, &failed) && failed.Kind == "over-budget"
}
