package main

import (
	"encoding/json"
	"slices"
	"strings"

	"documentation-generator/sdk"
)

// Written is what Claude writes of a page: some of its sections.
type Written struct {
	Sections []Section `json:"sections"`
}

// Section is one of them.
type Section struct {
	Heading string `json:"heading"`
	// Body is Markdown.
	Body string `json:"body"`
}

const mostBody = 20_000

// check looks at sections: they are those that were asked for, each once, and with whole none is missing.
func (w *Written) check(asked []string, whole bool) error {
	var seen []string
	for _, section := range w.Sections {
		if !slices.Contains(asked, section.Heading) {
			return sdk.Wrong("`%s` is not a section that was asked for; there are %s", oneLine(section.Heading), listed(asked))
		}
		if slices.Contains(seen, section.Heading) {
			return sdk.Wrong("the section `%s` is there twice", section.Heading)
		}
		seen = append(seen, section.Heading)
		if strings.TrimSpace(section.Body) == "" {
			return sdk.Wrong("the section `%s` is empty", section.Heading)
		}
		if len(section.Body) > mostBody {
			return sdk.Wrong("the section `%s` has %d bytes; at most %d are wanted", section.Heading, len(section.Body), mostBody)
		}
		if _, _, open := mended(section.Body, nil); open {
			return sdk.Wrong("a block of code in the section `%s` has no end", section.Heading)
		}
	}
	if whole {
		for _, heading := range asked {
			if !slices.Contains(seen, heading) {
				return sdk.Wrong("the section `%s` is missing", heading)
			}
		}
	}
	return nil
}

// writtenSchema is the schema of sections.
func writtenSchema(asked []string) json.RawMessage {
	return object("sections", listOf(object("heading", oneOf(asked), "body", stringSchema)))
}

// document is a page as Markdown, and the links that led nowhere and were made plain text. Sections are in the order of the plan.
func document(page Page, sections []Section, pages []string) (text string, unlinked []string) {
	parts := []string{"# " + escaped(page.Title), escaped(page.Purpose)}
	for _, heading := range page.Sections {
		for _, section := range sections {
			if section.Heading == heading {
				body, nowhere, _ := mended(section.Body, pages)
				unlinked = append(unlinked, nowhere...)
				parts = append(parts, "## "+escaped(heading), withoutHeading(body, heading))
			}
		}
	}
	return strings.Join(parts, "\n\n") + "\n", unlinked
}

// withoutHeading is a body that does not repeat its section's heading.
func withoutHeading(body, heading string) string {
	first, rest, _ := strings.Cut(body, "\n")
	if strings.HasPrefix(first, "#") && strings.TrimSpace(strings.TrimLeft(first, "#")) == heading {
		return strings.TrimSpace(rest)
	}
	return body
}

// index is the first page: what there is to read.
func index(plan *Plan, written []Page, missing []string) string {
	parts := []string{"# " + escaped(plan.Title), escaped(plan.Summary)}
	var lines []string
	for _, page := range written {
		lines = append(lines, "- ["+escaped(page.Title)+"]("+page.Slug+".md): "+escaped(page.Purpose))
	}
	parts = append(parts, strings.Join(lines, "\n"))
	if len(missing) > 0 {
		parts = append(parts, "## Not complete", "- "+strings.Join(each(missing, escaped), "\n- "))
	}
	return strings.Join(parts, "\n\n") + "\n"
}

func each(texts []string, change func(string) string) []string {
	var changed []string
	for _, text := range texts {
		changed = append(changed, change(text))
	}
	return changed
}
