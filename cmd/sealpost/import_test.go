package main

import (
	"archive/zip"
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// generateArchive writes an archive of one person with this many messages, newest
// first, with as many people as fit such a history, some groups, texts of several
// lines, quotes and marks.
func generateArchive(w io.Writer, rows int) error {
	z := zip.NewWriter(w)
	f, err := z.Create("messages.csv")
	if err != nil {
		return err
	}
	out := bufio.NewWriter(f)
	r := rand.New(rand.NewPCG(1, uint64(rows)))
	person := func(n int) string { return "https://www.linkedin.com/in/person-" + strconv.Itoa(n) }
	people := max(3, rows/400)
	fmt.Fprintln(out, "CONVERSATION ID,CONVERSATION TITLE,FROM,SENDER PROFILE URL,TO,RECIPIENT PROFILE URLS,DATE,SUBJECT,CONTENT,FOLDER")
	words := strings.Fields("hello thanks again for the report on Tuesday could we meet at ten Zoë says “no” and the rest is fine with everybody here")
	at := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	for range rows {
		at = at.Add(-time.Duration(r.IntN(300)) * time.Second)
		other := 1 + int(float64(people)*r.Float64()*r.Float64())
		from, to := 0, strconv.Itoa(other)
		if r.IntN(2) == 0 {
			from, to = other, "0"
		}
		recipients, conversation := "https://www.linkedin.com/in/person-"+to, "2-"+strconv.Itoa(other)
		if other%50 == 0 { // a group of three
			recipients, conversation = person(other+1)+";"+person((from+other)%people)+";"+person(0), "2-g"+strconv.Itoa(other)
		}
		text := &strings.Builder{}
		for i := range 4 + r.IntN(24) {
			text.WriteString(words[r.IntN(len(words))])
			text.WriteByte(" \n"[min(1, i%9/8)])
		}
		fmt.Fprintf(out, "%s,,Person %d,%s,Person %s,%s,%s,,\"%s\"\"q\"\"\",INBOX\r\n",
			conversation, from, person(from), to, recipients, at.Format("2006-01-02 15:04:05 UTC"), text)
	}
	if err := out.Flush(); err != nil {
		return err
	}
	if f, err = z.Create("Connections.csv"); err != nil {
		return err
	}
	fmt.Fprintf(f, "Notes:\n\"Some addresses are missing.\"\n\nFirst Name,Last Name,URL,Email Address,Company,Position,Connected On\n")
	for n := 1; n < people; n += 2 {
		fmt.Fprintf(f, "Person,%d,%s,,Company %d,Head of \"\"things\"\",%02d Mar 2014\n", n, person(n), n%20, 1+n%28)
	}
	return z.Close()
}

func cmdArchive(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: archive FILE ROWS")
	}
	rows, err := strconv.Atoi(args[1])
	ts.Check(err)
	f, err := os.Create(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Check(generateArchive(f, rows))
	ts.Check(f.Close())
}

// A line of progress says how far it is, how fast it goes and how long it takes.
func TestProgress(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	at := time.Unix(1000, 0)
	p := newProgress(&out, "taking", "messages")
	p.clock = func() time.Time { return at }
	p.begin, p.shown = at, at
	p.end()
	if out.Len() != 0 {
		t.Errorf("nothing was done, and it says %q", out.String())
	}
	at = at.Add(5 * time.Second)
	p.add(100, 1000)
	if out.Len() != 0 {
		t.Errorf("too early: %q", out.String())
	}
	at = at.Add(5 * time.Second)
	p.add(100, 1000)
	if want := "taking  20%  200 of 1000 messages, 20/s, 40s left\n"; out.String() != want {
		t.Errorf("says %q, want %q", out.String(), want)
	}
	out.Reset()
	p.live, p.every = true, time.Millisecond
	at = at.Add(10 * time.Second)
	p.at(1000, 1000)
	p.end()
	bar := "\r\x1b[Ktaking [========================] 100%  1000 of 1000 messages, 50/s"
	if out.String() != bar+bar+"\n" {
		t.Errorf("the bar is %q", out.String())
	}
}

// Makes an archive to measure with: SEALPOST_ARCHIVE=FILE SEALPOST_ARCHIVE_ROWS=N.
func TestGenerateArchive(t *testing.T) {
	name := os.Getenv("SEALPOST_ARCHIVE")
	if name == "" {
		t.Skip("SEALPOST_ARCHIVE names no file to write")
	}
	rows, err := strconv.Atoi(os.Getenv("SEALPOST_ARCHIVE_ROWS"))
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := generateArchive(f, rows); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}
