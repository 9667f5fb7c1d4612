package main

import (
	"bytes"
	"encoding/json"
	"strings"

	"documentation-generator/sdk"
)

// Payload is what a job asks for.
type Payload struct {
	Title        string `json:"title"`
	Audience     string `json:"audience"`
	Requirements string `json:"requirements"`
	Design       string `json:"design"`
	Files        []struct {
		Path    string `json:"path"`
		Content string `json:"content"`
	} `json:"files"`
	PagesMax int `json:"pages_max"`
}

const (
	usualPages = 5
	mostPages  = 12
)

// readPayload reads a payload. The host has checked it against the schema; it is checked here too, since others may run this.
func readPayload(raw json.RawMessage) (*Payload, error) {
	payload := &Payload{PagesMax: usualPages}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(payload); err != nil {
		return nil, sdk.Fail("invalid-input", "the payload cannot be read: %v", err)
	}
	switch payload.Audience {
	case "", "users", "developers", "operators":
	default:
		return nil, sdk.Fail("invalid-input", "there is no audience %q; there are users, developers and operators", payload.Audience)
	}
	if payload.PagesMax < 1 || payload.PagesMax > mostPages {
		return nil, sdk.Fail("invalid-input", "`pages_max` must be from 1 to %d", mostPages)
	}
	payload.Title = oneLine(payload.Title)
	return payload, nil
}

// oneLine is a text without line breaks and with single spaces.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
