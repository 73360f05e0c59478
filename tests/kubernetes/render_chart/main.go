// Renders a Helm chart's templates with Go's own text/template, which is Helm's engine, and the few functions that
// our chart uses; a template that calls another one does not parse. What Helm gives to templates (.Values, .Release,
// .Chart) comes as JSON on standard input; {"file name": "text"} goes to standard output.
//
// toYaml writes a line for each item or member, with JSON in it, which is YAML too.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"text/template"
)

func toYaml(value interface{}) (string, error) {
	var lines []string
	var failed error
	line := func(begin string, value interface{}) {
		text, err := json.Marshal(value)
		if err != nil {
			failed = err
		}
		lines = append(lines, begin+string(text))
	}
	switch value := value.(type) {
	case []interface{}:
		for _, item := range value {
			line("- ", item)
		}
	case map[string]interface{}:
		for name, member := range value {
			line(fmt.Sprintf("%q: ", name), member)
		}
		sort.Strings(lines)
	}
	if len(lines) == 0 {
		line("", value)
	}
	return strings.Join(lines, "\n"), failed
}

func nindent(spaces int, text string) string {
	pad := "\n" + strings.Repeat(" ", spaces)
	return pad + strings.ReplaceAll(text, "\n", pad)
}

// otherwise is Sprig's default: the fallback stands for a value that is absent or empty.
func otherwise(fallback, value interface{}) interface{} {
	if truth, _ := template.IsTrue(value); truth {
		return value
	}
	return fallback
}

func render(folder string, data interface{}) (map[string]string, error) {
	chart := template.New("").Option("missingkey=error")
	include := func(name string, data interface{}) (string, error) {
		var text bytes.Buffer
		err := chart.ExecuteTemplate(&text, name, data)
		return text.String(), err
	}
	chart.Funcs(template.FuncMap{
		"include":   include,
		"toYaml":    toYaml,
		"nindent":   nindent,
		"default":   otherwise,
		"quote":     func(value interface{}) string { return fmt.Sprintf("%q", fmt.Sprint(value)) },
		"sha256sum": func(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text))) },
	})
	if _, err := chart.ParseGlob(filepath.Join(folder, "templates", "*")); err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(folder, "templates", "[^_]*"))
	if err != nil {
		return nil, err
	}
	texts := map[string]string{}
	for _, file := range files {
		name := filepath.Base(file)
		if texts[name], err = include(name, data); err != nil {
			return nil, err
		}
	}
	return texts, nil
}

func main() {
	var data interface{}
	if err := json.NewDecoder(os.Stdin).Decode(&data); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	texts, err := render(os.Args[1], data)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if err := json.NewEncoder(os.Stdout).Encode(texts); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
