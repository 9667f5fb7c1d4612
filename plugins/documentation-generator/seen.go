package main

import "slices"

// extent is how much of a source a call had.
type extent int

const (
	nothing extent = iota
	beginning
	whole
)

// More sources than that are not named one by one.
const mostUnread = 100

// saw notes what a call that was answered had of the sources that it was made from.
func (w *work) saw(sources []Source) {
	_, cut, leftOut := shown(sources, w.room())
	for _, source := range sources {
		had := whole
		if slices.Contains(leftOut, source.Name) {
			had = nothing
		} else if slices.Contains(cut, source.Name) {
			had = beginning
		}
		w.seen[source.Name] = max(w.seen[source.Name], had)
	}
}

// missUnread names each source that no call had whole, but for those that a sentence names already.
func (w *work) missUnread(sources []Source) {
	told, untold := 0, 0
	for _, source := range sources {
		had := w.seen[source.Name]
		switch {
		case had == whole || w.named[source.Name]:
		case told == mostUnread:
			untold++
		case had == beginning:
			told++
			w.miss("%s was read in its beginning alone: no call had room for all of it.", source.Name)
		default:
			told++
			w.miss("%s was not read: no call had room for it.", source.Name)
		}
	}
	if untold > 0 {
		w.miss("%d more sources were not read, or in their beginnings alone.", untold)
	}
}

// naming is some names for a sentence of missing; those that stand in it are named by that.
func (w *work) naming(sources []string) string {
	for _, name := range sources[:min(len(sources), mostListed)] {
		w.named[name] = true
	}
	return listed(sources)
}
