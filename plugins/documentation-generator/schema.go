package main

import (
	"encoding/json"
	"fmt"
	"strings"
)

var stringSchema = json.RawMessage(`{"type":"string"}`)

// object is the schema of an object with these fields (name, schema, name, schema …), in this order, and no other.
func object(fields ...any) json.RawMessage {
	var properties, names []string
	for at := 0; at < len(fields); at += 2 {
		name := quoted(fields[at].(string))
		names = append(names, name)
		properties = append(properties, fmt.Sprintf("%s:%s", name, fields[at+1].(json.RawMessage)))
	}
	return json.RawMessage(fmt.Sprintf(`{"type":"object","properties":{%s},"required":[%s],"additionalProperties":false}`,
		strings.Join(properties, ","), strings.Join(names, ",")))
}

// listOf is the schema of a list.
func listOf(items json.RawMessage) json.RawMessage {
	return json.RawMessage(fmt.Sprintf(`{"type":"array","items":%s}`, items))
}

// oneOf is the schema of one of some texts.
func oneOf(values []string) json.RawMessage {
	var all []string
	for _, value := range values {
		all = append(all, quoted(value))
	}
	return json.RawMessage(fmt.Sprintf(`{"type":"string","enum":[%s]}`, strings.Join(all, ",")))
}

func quoted(text string) string {
	raw, err := json.Marshal(text)
	if err != nil {
		panic(err) // a text can always be written
	}
	return string(raw)
}
