package sealpost_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The markers between which docs/recall.md is generated.
const (
	generatedBegin = "<!-- generated from internal/sealpost: go test ./internal/sealpost -update -->\n"
	generatedEnd   = "<!-- end of the generated part -->\n"
)

// docs/recall.md shows the table and the diagram of the code as it is now.
func TestRecallDocumentIsFresh(t *testing.T) {
	t.Parallel()
	path := filepath.Join("..", "..", "docs", "recall.md")
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, found := strings.Cut(string(page), generatedBegin)
	_, tail, ended := strings.Cut(rest, generatedEnd)
	if !found || !ended {
		t.Fatal("docs/recall.md has lost the markers of its generated part")
	}
	golden(t, path, head+generatedBegin+"\n"+diagram()+"\n"+transitionText()+"\n"+generatedEnd+tail)
}

// diagram is the table as a Mermaid state diagram: each arrow is a cell that leads
// to another state.
func diagram() string {
	var b strings.Builder
	b.WriteString("```mermaid\nstateDiagram-v2\n")
	names := map[string]string{}
	for i, s := range starts() {
		names[s.name] = fmt.Sprintf("s%d", i)
		fmt.Fprintf(&b, "    s%d: %s\n", i, s.name)
	}
	b.WriteString("    [*] --> s0\n")
	for _, s := range starts() {
		arrows := map[string][]string{}
		var order []string
		for _, c := range steps() {
			to := names[strings.TrimSuffix(cell(s, c), ", key deleted")]
			if to == "" {
				continue
			}
			if arrows[to] == nil {
				order = append(order, to)
			}
			arrows[to] = append(arrows[to], c.name)
		}
		for _, to := range order {
			fmt.Fprintf(&b, "    %s --> %s: %s\n", names[s.name], to, strings.Join(arrows[to], " / "))
		}
	}
	b.WriteString("```\n")
	return b.String()
}
