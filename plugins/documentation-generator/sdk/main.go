package sdk

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// Agent is what Main needs of an agent.
type Agent struct {
	// Description is the JSON that the host is told when the plugin is loaded.
	Description json.RawMessage
	// Run does a job. What it gives is written as JSON.
	Run func(host Host, action string, payload json.RawMessage) (any, error)
}

// Main answers the host. What is printed is in the job's log (to standard error: as a
// warning), as long as a line does not begin with a brace.
func Main(agent Agent) {
	host := &lines{in: bufio.NewReader(os.Stdin), out: os.Stdout}
	if err := answer(host, agent); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func answer(host *lines, agent Agent) error {
	var first struct {
		Run *struct {
			Action  string          `json:"action"`
			Payload json.RawMessage `json:"payload"`
		} `json:"run"`
	}
	if err := host.read(&first); err != nil {
		return err
	}
	if first.Run == nil {
		return host.write("description", agent.Description)
	}
	result, err := run(host, agent, first.Run.Action, first.Run.Payload)
	if err == nil {
		return host.write("done", result)
	}
	failed := &Failure{"internal", err.Error()}
	errors.As(err, &failed)
	return host.write("failed", failed)
}

// run makes a failure of a panic.
func run(host Host, agent Agent, action string, payload json.RawMessage) (result any, err error) {
	defer func() {
		if panicked := recover(); panicked != nil {
			err = Fail("internal", "panic: %v", panicked)
		}
	}()
	return agent.Run(host, action, payload)
}

// lines is the real host: one JSON object a line.
type lines struct {
	in  *bufio.Reader
	out io.Writer
}

func (l *lines) Call(function string, arguments, ok any) error {
	if err := l.write(function, arguments); err != nil {
		return err
	}
	var answer struct {
		OK    json.RawMessage `json:"ok"`
		Error json.RawMessage `json:"error"`
	}
	if err := l.read(&answer); err != nil {
		return err
	}
	if answer.Error != nil {
		var said struct{ Kind, Message string }
		if json.Unmarshal(answer.Error, &said) != nil {
			// Of a file the error is a sentence.
			if json.Unmarshal(answer.Error, &said.Message) != nil {
				said.Message = string(answer.Error)
			}
		}
		return CallFailed(said.Kind, said.Message)
	}
	if ok == nil {
		return nil
	}
	return json.Unmarshal(answer.OK, ok)
}

func (l *lines) write(key string, value any) error {
	line, err := json.Marshal(map[string]any{key: value})
	if err != nil {
		return err
	}
	_, err = l.out.Write(append(line, '\n'))
	return err
}

func (l *lines) read(value any) error {
	line, err := l.in.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("the host said nothing: %w", err)
	}
	return json.Unmarshal(line, value)
}
