package main

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"documentation-generator/sdk"
)

// Source is what pages are written from: requirements, a design or a file.
type Source struct{ Name, Content string }

// sourcesOf gathers the sources of a job: what the payload has and the files that came with it. What is no text or comes twice
// is left out, with a sentence on it.
func sourcesOf(payload *Payload, texts []sdk.Text) (sources []Source, missing []string) {
	seen := map[string]bool{}
	add := func(name, content string) {
		name = plain(name)
		switch {
		case strings.TrimSpace(content) == "":
		case seen[name]:
			missing = append(missing, name+" came twice; the first was used.")
		case !utf8.ValidString(content) || strings.Contains(content, "\x00"):
			missing = append(missing, name+" is no text and was not looked at.")
		default:
			seen[name] = true
			sources = append(sources, Source{name, content})
		}
	}
	add("requirements", payload.Requirements)
	add("design", payload.Design)
	for _, file := range payload.Files {
		add(file.Path, file.Content)
	}
	for _, text := range texts {
		add(text.Name, text.Content)
	}
	return sources, missing
}

// What could be taken for a fence of ours.
var fences = regexp.MustCompile(`(?i)<(/?(?:source|plan)\b)`)

// fenced is a text in tags, as data. Tags of ours inside of it are made harmless.
func fenced(tag, name, text string) string {
	attribute := ""
	if name != "" {
		attribute = fmt.Sprintf(" name=%q", name)
	}
	return fmt.Sprintf("<%s%s>\n%s\n</%s>\n", tag, attribute, fences.ReplaceAllString(strings.TrimSpace(text), "&lt;$1"), tag)
}

var awkward = regexp.MustCompile(`[\x00-\x1f"\\<>]`)

// plain is a name from outside that can stand in a tag and on a line.
func plain(name string) string { return awkward.ReplaceAllString(name, "_") }

const (
	cutNote = "\n(The rest of this source is left out.)"
	// A piece of a source below so many bytes says too little.
	leastPiece = 200
)

// shown is the sources in tags, within room bytes. Where they do not fit, the long ones are cut behind a line, each to the same
// length; cut and left out are their names.
func shown(sources []Source, room int) (text string, cut, leftOut []string) {
	share := fairShare(sources, room)
	var parts strings.Builder
	for _, source := range sources {
		whole := fenced("source", source.Name, source.Content)
		if len(whole) <= share {
			parts.WriteString(whole)
			continue
		}
		piece := head(source.Content, share-len(fenced("source", source.Name, cutNote))-16)
		if len(piece) < leastPiece {
			leftOut = append(leftOut, source.Name)
			continue
		}
		cut = append(cut, source.Name)
		parts.WriteString(fenced("source", source.Name, piece+cutNote))
	}
	return parts.String(), cut, leftOut
}

// fairShare is the most bytes of one source so that all of them fit: what short ones do not need goes to the long ones.
func fairShare(sources []Source, room int) int {
	left, open := room, len(sources)
	share := room
	counted := make([]bool, len(sources))
	for open > 0 {
		share = left / open
		settled := false
		for at, source := range sources {
			if size := len(fenced("source", source.Name, source.Content)); !counted[at] && size <= share {
				counted[at], settled = true, true
				left -= size
				open--
			}
		}
		if !settled {
			return share
		}
	}
	return room
}

// head is the whole lines at the beginning of a text that fit; of one long line its beginning.
func head(text string, room int) string {
	if len(text) <= room {
		return text
	}
	kept := text[:max(room, 0)]
	for len(kept) > 0 && !utf8.ValidString(kept) {
		kept = kept[:len(kept)-1]
	}
	if end := strings.LastIndexByte(kept, '\n'); end >= 0 {
		return kept[:end]
	}
	return kept
}

// So many names stand in one sentence.
const mostListed = 8

// listed is some names, and how many more there are.
func listed(names []string) string {
	if len(names) <= mostListed {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:mostListed], ", "), len(names)-mostListed)
}
