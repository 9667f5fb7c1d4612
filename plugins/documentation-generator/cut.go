package main

import (
	"encoding/json"
	"strings"

	"documentation-generator/sdk"
)

// salvage reads what is complete of JSON that ends too early. A list keeps its complete items and the outermost object its
// complete fields; an item that is an object without its end is left out, as its fields belong together. It says whether there
// is anything.
func salvage(text string, value any) bool {
	if sdk.TooDeep(text) {
		return false
	}
	type end struct {
		at      int
		closing string
	}
	var ends []end
	var open []byte // what closes what is open, the innermost last
	add := func(at int) {
		var closing strings.Builder
		for deep := len(open) - 1; deep >= 0; deep-- {
			closing.WriteByte(open[deep])
		}
		// Only lists and the outermost object may be closed for it.
		if said := closing.String(); len(said) > 0 && !strings.Contains(said[:len(said)-1], "}") {
			ends = append(ends, end{at, said})
		}
	}
	inString, escaped := false, false
	for at := range len(text) {
		switch char := text[at]; {
		case inString:
			inString = escaped || char != '"'
			escaped = !escaped && char == '\\'
		case char == '"':
			inString = true
		case char == '{':
			open = append(open, '}')
		case char == '[':
			open = append(open, ']')
			add(at + 1)
		case (char == '}' || char == ']') && len(open) > 0:
			open = open[:len(open)-1]
			add(at + 1)
		case char == ',':
			add(at)
		}
	}
	for last := len(ends) - 1; last >= 0; last-- {
		if json.Unmarshal([]byte(text[:ends[last].at]+ends[last].closing), value) == nil {
			return true
		}
	}
	return false
}
