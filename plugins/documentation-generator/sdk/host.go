package sdk

import (
	"encoding/base64"
	"fmt"
	"sort"
	"strings"
	"unicode/utf8"
)

// Progress tells how far the job is: a fraction from 0 to 1 and a line.
func Progress(host Host, fraction float64, line string) error {
	return host.Call("job.progress", map[string]any{"fraction": fraction, "line": line}, nil)
}

// Log writes a line to the job's log: "debug", "info", "warn" or "error".
func Log(host Host, level, line string) error {
	return host.Call("job.log", map[string]any{"level": level, "line": line}, nil)
}

// Left is what the job may still spend, and the most tokens of one call.
type Left struct {
	JobNanodollars  uint64 `json:"job_nanodollars"`
	Calls           int    `json:"calls"`
	MaxInputTokens  int    `json:"max_input_tokens"`
	MaxOutputTokens int    `json:"max_output_tokens"`
}

// Allowance asks what is left.
func Allowance(host Host) (Left, error) {
	var left Left
	return left, host.Call("claude.allowance", struct{}{}, &left)
}

// Setting is what the host's owner set for this agent; empty where nothing was set.
func Setting(host Host, key string) (string, error) {
	var value *string
	if err := host.Call("settings.get", map[string]any{"key": key}, &value); err != nil || value == nil {
		return "", err
	}
	return *value, nil
}

// Artifact hands over a file of text.
func Artifact(host Host, name, mediaType, text string) error {
	return host.Call("job.artifact", map[string]any{"name": name, "media_type": mediaType, "text": text}, nil)
}

// InputFile is a file that the job was submitted with.
type InputFile struct {
	Name      string `json:"name"`
	MediaType string `json:"media_type"`
	Size      uint64 `json:"size"`
}

// Inputs lists them.
func Inputs(host Host) ([]InputFile, error) {
	var files []InputFile
	return files, host.Call("job.inputs", struct{}{}, &files)
}

// Input reads one of them.
func Input(host Host, name string) ([]byte, error) {
	var content struct {
		Text   *string `json:"text"`
		Base64 string  `json:"base64"`
	}
	if err := host.Call("job.input", map[string]any{"name": name}, &content); err != nil {
		return nil, err
	}
	if content.Text != nil {
		return []byte(*content.Text), nil
	}
	return base64.StdEncoding.DecodeString(content.Base64)
}

// Text is a file of text.
type Text struct{ Name, Content string }

// MostInputBytes is the most that TextInputs reads in all.
const MostInputBytes = 2 * 1024 * 1024

// TextInputs reads the texts that the job was submitted with, in the order of their names, and gives a sentence on each file that is
// left out: those that are no text, and those with which there would be more than MostInputBytes.
func TextInputs(host Host) (texts []Text, leftOut []string, err error) {
	files, err := Inputs(host)
	if err != nil {
		return nil, nil, err
	}
	sort.Slice(files, func(i, j int) bool { return files[i].Name < files[j].Name })
	room := uint64(MostInputBytes)
	for _, file := range files {
		if file.Size > room {
			leftOut = append(leftOut, fmt.Sprintf("%s has %d bytes, more than can be looked at.", file.Name, file.Size))
			continue
		}
		room -= file.Size
		content, err := Input(host, file.Name)
		if err != nil {
			return nil, nil, err
		}
		if text := string(content); utf8.ValidString(text) && !strings.Contains(text, "\x00") {
			texts = append(texts, Text{file.Name, text})
		} else {
			leftOut = append(leftOut, file.Name+" is no text and was not looked at.")
		}
	}
	return texts, leftOut, nil
}
