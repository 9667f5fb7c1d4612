package main

import (
	"regexp"
	"slices"
	"strings"
)

var (
	fence   = regexp.MustCompile("^ {0,3}(`{3,}|~{3,})(.*)$")
	heading = regexp.MustCompile(`^ {0,3}(#{1,6})(\s|$)`)
	link    = regexp.MustCompile(`\[([^\]\n]*)\]\(([^)\s]+)\)`)
)

// mended is the body of a section as it can stand in a page: its headings are below the section's own, and links lead to pages
// that there are. Code is left as it is. open says that a block of code has no end.
func mended(body string, pages []string) (text string, unlinked []string, open bool) {
	var out []string
	closing := ""
	for _, line := range strings.Split(strings.TrimSpace(strings.ReplaceAll(body, "\r\n", "\n")), "\n") {
		if found := fence.FindStringSubmatch(line); found != nil {
			switch mark, info := found[1], strings.TrimSpace(found[2]); {
			case closing == "":
				closing = mark
			case mark[0] == closing[0] && len(mark) >= len(closing) && info == "":
				closing = ""
			}
		} else if closing == "" {
			if found := heading.FindStringSubmatch(line); found != nil && len(found[1]) < 3 {
				line = "###" + strings.TrimPrefix(strings.TrimLeft(line, " "), found[1])
			}
			line = link.ReplaceAllStringFunc(line, func(whole string) string {
				parts := link.FindStringSubmatch(whole)
				if leads(parts[2], pages) {
					return whole
				}
				unlinked = append(unlinked, parts[2])
				return parts[1]
			})
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n"), unlinked, closing != ""
}

// leads says whether a link leads somewhere: to an address, to a place in its own page, or to one of the pages.
func leads(target string, pages []string) bool {
	for _, scheme := range []string{"https://", "http://", "mailto:", "#"} {
		if strings.HasPrefix(target, scheme) {
			return true
		}
	}
	file, _, _ := strings.Cut(strings.TrimPrefix(target, "./"), "#")
	return slices.Contains(pages, file)
}

// escaped is a text that stands in a link or a list as it is.
func escaped(text string) string {
	return strings.NewReplacer(`\`, `\\`, "[", `\[`, "]", `\]`, "*", `\*`, "_", `\_`, "<", "&lt;").Replace(oneLine(text))
}
