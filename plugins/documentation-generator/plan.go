package main

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"documentation-generator/sdk"
)

// Plan is which pages there are to be.
type Plan struct {
	Title   string `json:"title"`
	Summary string `json:"summary"`
	Pages   []Page `json:"pages"`
}

// Page is one of them.
type Page struct {
	// Slug is the name of its file, without its ending.
	Slug  string `json:"slug"`
	Title string `json:"title"`
	// Purpose is what its reader finds there, in a sentence.
	Purpose  string   `json:"purpose"`
	Sections []string `json:"sections"`
	// Sources are the names of those that it is written from.
	Sources []string `json:"sources"`
}

// Path is the name of the page's file among the artifacts.
func (p Page) Path() string { return folder + p.Slug + ".md" }

const (
	folder       = "docs/"
	mostSections = 8
	mostLine     = 120
	mostText     = 1200
)

var slug = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,60}$`)

// check looks at a plan, and brings its names into the form that files have.
func (p *Plan) check(pagesMax int, sources []string) error {
	if err := line("title", &p.Title); err != nil {
		return err
	}
	if err := text("summary", &p.Summary); err != nil {
		return err
	}
	if len(p.Pages) == 0 {
		return sdk.Wrong("`pages` is empty")
	}
	if len(p.Pages) > pagesMax {
		return sdk.Wrong("`pages` has %d entries; at most %d are wanted", len(p.Pages), pagesMax)
	}
	var seen []string
	for at := range p.Pages {
		page := &p.Pages[at]
		if err := page.check(sources); err != nil {
			return err
		}
		if slices.Contains(seen, page.Slug) {
			return sdk.Wrong("two pages have the slug `%s`", page.Slug)
		}
		seen = append(seen, page.Slug)
	}
	return nil
}

func (p *Page) check(sources []string) error {
	p.Slug = strings.TrimSuffix(strings.ToLower(strings.ReplaceAll(strings.TrimSpace(p.Slug), "_", "-")), ".md")
	if !slug.MatchString(p.Slug) {
		return sdk.Wrong("`%s` is no slug: one has a to z, 0 to 9 and -", oneLine(p.Slug))
	}
	if p.Slug == "readme" || p.Slug == "index" {
		return sdk.Wrong("the slug `%s` is taken: the index is made of the plan", p.Slug)
	}
	if err := line("title", &p.Title); err != nil {
		return err
	}
	if err := text("purpose", &p.Purpose); err != nil {
		return err
	}
	if len(p.Sections) == 0 || len(p.Sections) > mostSections {
		return sdk.Wrong("the page `%s` has %d sections; 1 to %d are wanted", p.Slug, len(p.Sections), mostSections)
	}
	for at := range p.Sections {
		if err := line("section", &p.Sections[at]); err != nil {
			return err
		}
		p.Sections[at] = strings.TrimSpace(strings.TrimLeft(p.Sections[at], "#"))
		if slices.Contains(p.Sections[:at], p.Sections[at]) {
			return sdk.Wrong("the page `%s` has the section `%s` twice", p.Slug, p.Sections[at])
		}
	}
	for _, name := range p.Sources {
		if !slices.Contains(sources, name) {
			return sdk.Wrong("`%s` is no source; there are %s", name, listed(sources))
		}
	}
	if len(p.Sources) == 0 {
		return sdk.Wrong("the page `%s` has no sources", p.Slug)
	}
	slices.Sort(p.Sources)
	p.Sources = slices.Compact(p.Sources)
	return nil
}

func text(name string, value *string) error {
	*value = strings.TrimSpace(*value)
	if *value == "" {
		return sdk.Wrong("a `%s` is missing or blank", name)
	}
	if count := len([]rune(*value)); count > mostText {
		return sdk.Wrong("a `%s` has %d characters; at most %d are wanted", name, count, mostText)
	}
	return nil
}

func line(name string, value *string) error {
	if err := text(name, value); err != nil {
		return err
	}
	if strings.ContainsAny(*value, "\r\n") || len([]rune(*value)) > mostLine {
		return sdk.Wrong("a `%s` has several lines or more than %d characters", name, mostLine)
	}
	return nil
}

// planSchema is the schema of a plan. It keeps to what structured outputs take: no lengths and no counts, every field required.
// The sources' names are an enum, so that a reference cannot miss.
func planSchema(sources []string) json.RawMessage {
	return object("title", stringSchema, "summary", stringSchema, "pages", listOf(object(
		"slug", stringSchema,
		"title", stringSchema,
		"purpose", stringSchema,
		"sections", listOf(stringSchema),
		"sources", listOf(oneOf(sources)),
	)))
}
