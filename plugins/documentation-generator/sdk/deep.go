package sdk

// Deepest is how many lists and objects may stand within each other in an answer that is read. Readers of JSON call themselves
// for each, and a plugin's stack is small: one that fills it is stopped, and nobody is told what was wrong with the answer.
const Deepest = 100

// TooDeep says whether more than Deepest lists and objects stand within each other in a JSON text, be it whole or cut.
func TooDeep(text string) bool {
	deep, inString, escaped := 0, false, false
	for at := range len(text) {
		switch char := text[at]; {
		case inString:
			inString = escaped || char != '"'
			escaped = !escaped && char == '\\'
		case char == '"':
			inString = true
		case char == '[' || char == '{':
			if deep++; deep > Deepest {
				return true
			}
		case char == ']' || char == '}':
			deep--
		}
	}
	return false
}
