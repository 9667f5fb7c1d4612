package main

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"documentation-generator/sdk"
)

// What the host is told when the plugin is loaded. It makes its form and its checks from the schemas.
//
//go:embed description.json
var description json.RawMessage

// Result is what the job gives.
type Result struct {
	Pages    []Entry  `json:"pages"`
	Complete bool     `json:"complete"`
	Missing  []string `json:"missing"`
	Calls    int      `json:"calls"`
	CostUSD  float64  `json:"cost_usd"`
}

// Entry is a page that was handed over.
type Entry struct {
	Path  string `json:"path"`
	Title string `json:"title"`
	Bytes int    `json:"bytes"`
}

// A section takes at most so many tokens, as a rule.
const sectionTokens = 450

// run does a job: plan, write page by page, hand over.
//
// The agent keeps nothing but what its calls answered, and decides by nothing else: run again from its journal, it asks the
// same and gets to the same place.
func run(host sdk.Host, action string, raw json.RawMessage) (any, error) {
	if action != "generate-docs" {
		return nil, sdk.Fail("invalid-input", "there is no action `%s`; there is `generate-docs`", action)
	}
	payload, err := readPayload(raw)
	if err != nil {
		return nil, err
	}
	texts, leftOut, err := sdk.TextInputs(host)
	if err != nil {
		return nil, err
	}
	sources, odd := sourcesOf(payload, texts)
	if len(sources) == 0 {
		return nil, sdk.Fail("invalid-input", "there is nothing to document: give `requirements`, a `design`, `files` or a file of text")
	}
	w, err := begin(host, payload.Audience)
	if err != nil {
		return nil, err
	}
	for _, sentence := range append(odd, leftOut...) {
		w.miss("%s", sentence)
	}
	plan, err := makePlan(w, payload, sources)
	if err != nil {
		return nil, err
	}
	pages, ended, err := writePages(w, plan, sources)
	if err != nil {
		return nil, err
	}
	if len(pages) == 0 {
		return nil, ended
	}
	w.missUnread(sources)
	return deliver(w, plan, pages)
}

// makePlan asks which pages there are to be.
func makePlan(w *work, payload *Payload, sources []Source) (*Plan, error) {
	if err := sdk.Progress(w.host, 0.05, "Planning the pages"); err != nil {
		return nil, err
	}
	names := make([]string, 0, len(sources))
	for _, source := range sources {
		names = append(names, source.Name)
	}
	prompt := func() string {
		text, _, leftOut := shown(sources, w.room())
		if len(leftOut) > 0 {
			text += fmt.Sprintf("There was no room to show %s.\n", listed(leftOut))
		}
		return planPrompt(text, payload.Title, payload.PagesMax)
	}
	check := func(plan *Plan) error { return plan.check(payload.PagesMax, names) }
	plan, err := ask(w, prompt, planSchema(names), check)
	if cut := (*sdk.Cut)(nil); errors.As(err, &cut) {
		if plan = new(Plan); !salvage(cut.Text, plan) || check(plan) != nil {
			return nil, sdk.Fail("final", "the plan did not fit into %d output tokens; more of them a call may help", w.outputTokens)
		}
		w.miss("There may be more pages: the plan was cut behind %d.", len(plan.Pages))
	} else if err != nil {
		return nil, err
	}
	w.saw(sources)
	if payload.Title != "" {
		plan.Title = payload.Title
	}
	return plan, sdk.Log(w.host, "info", fmt.Sprintf("the plan has %d pages", len(plan.Pages)))
}

// draft is a page and what is written of it.
type draft struct {
	page     Page
	sections []Section
}

// writePages writes one page after the other. Where the job may ask no more it gives those that there are, and why it ended.
func writePages(w *work, plan *Plan, sources []Source) (drafts []draft, ended, err error) {
	for at, page := range plan.Pages {
		if err := sdk.Progress(w.host, 0.1+0.8*float64(at)/float64(len(plan.Pages)), "Writing "+page.Title); err != nil {
			return nil, nil, err
		}
		sections, err := writePage(w, plan, page, sources)
		if err != nil && !isFinal(err) {
			return nil, nil, err
		}
		if len(sections) > 0 {
			drafts = append(drafts, draft{page, sections})
		}
		if err != nil {
			ended = err
			what := "whole"
			if len(sections) == 0 {
				what = "written"
			}
			w.miss("%s is not %s: %v.", page.Path(), what, err)
		}
		if isSpent(err) {
			for _, left := range plan.Pages[at+1:] {
				w.miss("%s is not written.", left.Path())
			}
			return drafts, ended, nil
		}
	}
	if ended == nil && len(drafts) == 0 {
		ended = sdk.Fail("final", "no section fitted into %d output tokens; more of them a call may help", w.outputTokens)
	}
	return drafts, ended, nil
}

// writePage asks for the sections of a page, several in a call; fewer, and again, where an answer is cut.
func writePage(w *work, plan *Plan, page Page, sources []Source) (sections []Section, err error) {
	var own []Source
	for _, source := range sources {
		if slices.Contains(page.Sources, source.Name) {
			own = append(own, source)
		}
	}
	todo, most := page.Sections, max(1, w.outputTokens/sectionTokens)
	for len(todo) > 0 {
		asked := todo[:min(most, len(todo))]
		prompt := func() string {
			text, _, _ := shown(own, w.room())
			return pagePrompt(text, plan, page, asked)
		}
		told, err := ask(w, prompt, writtenSchema(asked), func(written *Written) error { return written.check(asked, true) })
		if cut := (*sdk.Cut)(nil); errors.As(err, &cut) {
			if told = new(Written); !salvage(cut.Text, told) || told.check(asked, false) != nil {
				told = new(Written)
			}
			if err := sdk.Log(w.host, "info", fmt.Sprintf("%s: the answer was cut behind %d of %d sections", page.Path(), len(told.Sections), len(asked))); err != nil {
				return sections, err
			}
		} else if err != nil {
			return sections, err
		}
		w.saw(own)
		sections = append(sections, told.Sections...)
		switch {
		case len(told.Sections) > 0:
			todo = slices.DeleteFunc(slices.Clone(todo), func(heading string) bool { return has(told.Sections, heading) })
		case len(asked) > 1:
			most = len(asked) / 2
		default:
			w.miss("%s lacks %q: the answer was cut.", page.Path(), asked[0])
			todo = todo[1:]
		}
	}
	_, cut, leftOut := shown(own, w.room())
	if len(cut) > 0 {
		w.miss("%s is written from the beginnings alone of %s: they are too long for a call.", page.Path(), w.naming(cut))
	}
	if len(leftOut) > 0 {
		w.miss("%s is written without %s: there was no room.", page.Path(), w.naming(leftOut))
	}
	return sections, nil
}

func has(sections []Section, heading string) bool {
	return slices.ContainsFunc(sections, func(section Section) bool { return section.Heading == heading })
}

// deliver hands over the pages and the index, and gives the result.
func deliver(w *work, plan *Plan, drafts []draft) (*Result, error) {
	if err := sdk.Progress(w.host, 0.95, "Handing over"); err != nil {
		return nil, err
	}
	targets := []string{"README.md"}
	for _, draft := range drafts {
		targets = append(targets, draft.page.Slug+".md")
	}
	var given []Page
	var entries []Entry
	for _, draft := range drafts {
		text, unlinked := document(draft.page, draft.sections, targets)
		for _, target := range unlinked {
			if err := sdk.Log(w.host, "info", fmt.Sprintf("%s: a link to %q leads nowhere and is a plain text", draft.page.Path(), target)); err != nil {
				return nil, err
			}
		}
		if err := sdk.Artifact(w.host, draft.page.Path(), "text/markdown", text); err != nil {
			w.miss("%s cannot be handed over: %v.", draft.page.Path(), err)
			continue
		}
		given = append(given, draft.page)
		entries = append(entries, Entry{draft.page.Path(), draft.page.Title, len(text)})
	}
	path, text := folder+"README.md", index(plan, given, w.missing)
	if err := sdk.Artifact(w.host, path, "text/markdown", text); err != nil {
		w.miss("%s cannot be handed over: %v.", path, err)
	} else {
		entries = append([]Entry{{path, plan.Title, len(text)}}, entries...)
	}
	result := &Result{Pages: append([]Entry{}, entries...), Complete: len(w.missing) == 0, Missing: append([]string{}, w.missing...),
		Calls: w.calls, CostUSD: float64(w.nanodollars) / 1e9}
	return result, sdk.Progress(w.host, 1, fmt.Sprintf("%d pages", len(given)))
}
