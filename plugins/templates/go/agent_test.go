package main

// The agent against a Claude that is played: `go test ./...` needs neither a host nor Wasm.

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"my-agent/sdk"
)

// played gives the replies that it was given, and keeps what it was asked and told.
type played struct {
	replies []string
	fails   error
	answers map[string]string
	asked   []string
	logged  []string
}

func (p *played) Call(function string, arguments, ok any) error {
	if function == "job.log" {
		p.logged = append(p.logged, fmt.Sprint(arguments))
	}
	if function != "claude.complete" {
		if answer, has := p.answers[function]; has {
			return json.Unmarshal([]byte(answer), ok)
		}
		return nil
	}
	if p.fails != nil {
		return p.fails
	}
	asked, err := json.Marshal(arguments)
	if err != nil {
		return err
	}
	p.asked = append(p.asked, string(asked))
	reply := p.replies[0]
	p.replies = p.replies[1:]
	return json.Unmarshal([]byte(reply), ok)
}

func says(text, stopReason string) string {
	quoted := strconv.Quote(text)
	return `{"content":[{"type":"text","text":` + quoted + `}],"text":` + quoted + `,"stop_reason":"` + stopReason + `"}`
}

func uses(tool string) string {
	return `{"content":[{"type":"tool_use","id":"t1","name":"` + tool + `","input":{"n":2}}],"text":"","stop_reason":"tool_use"}`
}

func kind(err error) string {
	if failed := (*sdk.Failure)(nil); errors.As(err, &failed) {
		return failed.Kind
	}
	return ""
}

var payload = json.RawMessage(`{"text":"A long text."}`)

var double = sdk.Tool{
	Declared: sdk.Declared{Name: "double", Description: "Doubles a number.", InputSchema: json.RawMessage(`{"type":"object"}`)},
	Run: func(input json.RawMessage) (string, error) {
		var given struct{ N int }
		err := json.Unmarshal(input, &given)
		return strconv.Itoa(2 * given.N), err
	},
}

func TestATextBecomesASummary(t *testing.T) {
	host := &played{replies: []string{says(`{"title":"T","summary":"S.","key_points":["a","b"]}`, "end_turn")}}
	result, err := run(host, "summarize", payload)
	if err != nil {
		t.Fatal(err)
	}
	if summary := result.(*Summary); summary.Title != "T" || len(summary.KeyPoints) != 2 {
		t.Errorf("it is %+v", summary)
	}
	if !strings.Contains(host.asked[0], `"output_config"`) {
		t.Errorf("no schema in %s", host.asked[0])
	}
}

func TestAnAnswerThatIsNoSummaryIsSentBackOnce(t *testing.T) {
	host := &played{replies: []string{says("Sure!", "end_turn"), says(`{"title":"T","summary":"S.","key_points":[]}`, "end_turn")}}
	if _, err := run(host, "summarize", payload); err != nil {
		t.Fatal(err)
	}
	if asked := host.asked[1]; !strings.Contains(asked, `"role":"assistant"`) || !strings.Contains(asked, "not the JSON asked for") {
		t.Errorf("it was asked %s", asked)
	}
	if len(host.logged) != 1 || !strings.Contains(host.logged[0], "repair: ") {
		t.Errorf("it logged %v", host.logged)
	}
}

func TestASecondOneAndOneThatIsCutAreBadReplies(t *testing.T) {
	sure := says("Sure! Here it is.", "end_turn")
	for _, replies := range [][]string{{sure, sure}, {says("{}", "max_tokens")}, {says("{}", "pause_turn")}, {says("{}", "new")}} {
		if _, err := run(&played{replies: replies}, "summarize", payload); kind(err) != "bad-reply" {
			t.Errorf("%s gave %v", replies, err)
		}
	}
}

func TestTextsAreToldFromWhatIsNone(t *testing.T) {
	host := &played{answers: map[string]string{
		"job.inputs": `[{"name":"b"},{"name":"a"},{"name":"c","size":2097153}]`, "job.input": `{"base64":"//4="}`,
	}}
	texts, leftOut, err := sdk.TextInputs(host)
	want := "a is no text and was not looked at. b is no text and was not looked at. c has 2097153 bytes, more than can be looked at."
	if err != nil || len(texts) != 0 || strings.Join(leftOut, " ") != want {
		t.Errorf("%v, %v, %v", texts, leftOut, err)
	}
	host.answers["job.input"] = `{"text":"später"}`
	if texts, _, err := sdk.TextInputs(host); err != nil || len(texts) != 2 || texts[0] != (sdk.Text{Name: "a", Content: "später"}) {
		t.Errorf("%v, %v", texts, err)
	}
}

func TestABudgetThatIsSpentIsToldAsSuch(t *testing.T) {
	host := &played{fails: sdk.CallFailed("calls-exhausted", "spent")}
	if _, err := run(host, "summarize", payload); kind(err) != "over-budget" {
		t.Errorf("it gave %v", err)
	}
}

func TestToolsAreRunUntilClaudeAnswers(t *testing.T) {
	host := &played{replies: []string{uses("double"), uses("unknown"), says("4", "end_turn")}}
	reply, err := sdk.ToolLoop(host, sdk.NewRequest("Use the tool.", "2?"), []sdk.Tool{double}, 5)
	if err != nil || reply.Text != "4" {
		t.Fatalf("%+v, %v", reply, err)
	}
	for _, result := range []string{`"content":"4","is_error":false`, `"content":"there is no tool unknown","is_error":true`} {
		if !strings.Contains(host.asked[2], result) {
			t.Errorf("no %s in %s", result, host.asked[2])
		}
	}
}

func TestTheToolLoopEndsAtItsBound(t *testing.T) {
	host := &played{replies: []string{uses("double"), uses("double"), uses("double")}}
	_, err := sdk.ToolLoop(host, sdk.NewRequest("Use the tool.", "2?"), []sdk.Tool{double}, 2)
	if kind(err) != "final" || len(host.asked) != 2 {
		t.Errorf("%v after %d questions", err, len(host.asked))
	}
}
