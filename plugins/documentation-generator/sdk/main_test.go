package sdk

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

// said is what an agent says to a host that says these lines.
func said(t *testing.T, agent Agent, host ...string) string {
	t.Helper()
	var out bytes.Buffer
	in := bufio.NewReader(strings.NewReader(strings.Join(host, "\n") + "\n"))
	if err := answer(&lines{in: in, out: &out}, agent); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

const runs = `{"run":{"contract":"anvil:agent@0.1.0","action":"run","payload":"x"}}`

func TestAnAgentSaysWhatItIs(t *testing.T) {
	agent := Agent{Description: json.RawMessage(`{"name":"a"}`)}
	if got := said(t, agent, `{"describe":{"contract":"anvil:agent@0.1.0"}}`); got != "{\"description\":{\"name\":\"a\"}}\n" {
		t.Errorf("it said %s", got)
	}
}

func TestCallsAndTheirErrorsAreLines(t *testing.T) {
	agent := Agent{Run: func(host Host, _ string, _ json.RawMessage) (any, error) {
		if err := Progress(host, 0.5, "half"); err != nil {
			return nil, err
		}
		refused := Artifact(host, "../x", "text/plain", "x")
		_, err := Ask(host, NewRequest("", "?"))
		call := (*CallError)(nil)
		if refused == nil || refused.Error() != "no such name" || !errors.As(err, &call) || call.Call != "too-large" {
			t.Errorf("%v, %v", refused, err)
		}
		return nil, err
	}}
	got := said(t, agent, runs, `{"ok":null}`, `{"error":"no such name"}`, `{"error":{"kind":"too-large","message":"too many"}}`)
	lines := strings.Split(strings.TrimSpace(got), "\n")
	if len(lines) != 4 || !strings.HasPrefix(lines[1], `{"job.artifact":{`) || lines[3] != `{"failed":{"kind":"invalid-input","message":"too many"}}` {
		t.Errorf("it said %s", got)
	}
}

func TestAPanicIsAFailure(t *testing.T) {
	agent := Agent{Run: func(Host, string, json.RawMessage) (any, error) { panic("oh") }}
	if got := said(t, agent, runs); got != "{\"failed\":{\"kind\":\"internal\",\"message\":\"panic: oh\"}}\n" {
		t.Errorf("it said %s", got)
	}
}

func TestDepthIsTakenOfListsAndObjectsAlone(t *testing.T) {
	for text, deep := range map[string]bool{
		strings.Repeat("[", Deepest):                            false,
		strings.Repeat("[", Deepest+1):                          true,
		strings.Repeat(`{"a":`, Deepest+1):                      true,
		strings.Repeat("[]", 5_000):                             false,
		`["` + strings.Repeat("[", 5_000) + `"]`:                false,
		`["\"` + strings.Repeat("[", 5_000):                     false,
		`["\\"` + strings.Repeat("[", Deepest):                  true,
		strings.Repeat("[", 5_000) + strings.Repeat("]", 5_000): true,
	} {
		if TooDeep(text) != deep {
			t.Errorf("%.20s… of %d bytes", text, len(text))
		}
	}
}
