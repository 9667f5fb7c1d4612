package sdk

import (
	"encoding/json"
	"errors"
	"fmt"
)

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
