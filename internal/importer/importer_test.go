package importer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/sealpost/sealpost/internal/sealpost"
)

var today = sealpost.InstantOf(time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)) // a table entry, never set

const head = "CONVERSATION ID,CONVERSATION TITLE,FROM,SENDER PROFILE URL,TO,RECIPIENT PROFILE URLS,DATE,SUBJECT,CONTENT,FOLDER\r\n"

const (
	ann = "https://www.linkedin.com/in/ann"
	bob = "https://www.linkedin.com/in/bob"
)

// opened reads an archive of one file and chooses its owner.
func opened(t *testing.T, messages, connections, owner string) *Archive {
	t.Helper()
	files := fstest.MapFS{"data/messages.csv": {Data: []byte(messages)}}
	if connections != "" {
		files["data/Connections.csv"] = &fstest.MapFile{Data: []byte(connections)}
	}
	a, err := Open(files, today)
	if err == nil {
		err = a.Scan(t.Context(), nil)
	}
	if err == nil && owner != "" {
		err = a.Choose(owner)
	}
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// given is everything that an archive gives, in order.
func given(t *testing.T, a *Archive) []sealpost.ArchiveMessage {
	t.Helper()
	var out []sealpost.ArchiveMessage
	if err := a.Messages(t.Context(), 3, func(_ int, batch []sealpost.ArchiveMessage) error {
		out = append(out, batch...)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

func skipped(a *Archive) string {
	var out []string
	for _, s := range a.Skipped() {
		out = append(out, fmt.Sprintf("%d %s %s", s.Count, s.Reason, strings.Join(s.Where, " ")))
	}
	return strings.Join(out, "; ")
}

func TestRows(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in   string
		want [][]string
	}{
		"plain":                   {"a,b\nc,d\n", [][]string{{"a", "b"}, {"c", "d"}}},
		"crlf":                    {"a,b\r\nc,d", [][]string{{"a", "b"}, {"c", "d"}}},
		"lone cr":                 {"a\rb,\"c\rd\"", [][]string{{"a"}, {"b", "c\nd"}}},
		"quotes":                  {`"a ""b"" c",d`, [][]string{{`a "b" c`, "d"}}},
		"lines":                   {"\"a\nb\r\nc\",d\n", [][]string{{"a\nb\nc", "d"}}},
		"a quote inside":          {`a "b" c,d`, [][]string{{`a "b" c`, "d"}}},
		"a quote that goes on":    {`"a" b,c"` + "\nd", [][]string{{"a\" b,c"}, {"d"}}},
		"never closed":            {"\"a,b\nc", [][]string{{"a,b\nc"}}},
		"empty fields":            {",,\n\"\",\n", [][]string{{"", "", ""}, {"", ""}}},
		"empty lines":             {"\n\na,b\n\n", [][]string{{"a", "b"}}},
		"nul":                     {"a\x00b,\x00c", [][]string{{"ab", "c"}}},
		"a quote at the end":      {"a,\"b\"", [][]string{{"a", "b"}}},
		"too long":                {strings.Repeat("x", maxRecord+1) + ",b\nc,d", [][]string{nil, {"c", "d"}}},
		"too long between quotes": {`"` + strings.Repeat("x\n", maxRecord) + "\",b\nc,d", [][]string{nil, {"c", "d"}}},
	} {
		in := newRows(strings.NewReader(c.in))
		var got [][]string
		for {
			r, err := in.next()
			if err != nil {
				break
			}
			var fields []string
			for i := range r.fields {
				fields = append(fields, string(r.field(i)))
			}
			if r.over != (fields == nil) {
				t.Errorf("%s: over %v with %d fields", name, r.over, len(fields))
			}
			got = append(got, fields)
		}
		if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", c.want) {
			t.Errorf("%s: got %.200q", name, got)
		}
	}
}

func TestRepaired(t *testing.T) {
	t.Parallel()
	twice := func(s string) string { // as Latin-1
		var b strings.Builder
		for _, c := range []byte(s) {
			b.WriteRune(rune(c))
		}
		return b.String()
	}
	for in, want := range map[string]string{
		"plain":                "plain",
		twice("García"):        "García",
		twice(twice("García")): "García",
		twice("日本語 😀"):         "日本語 😀",
		"â€œquotedâ€\u009d â€“ itâ€™s": "“quoted” – it’s", // read as Windows-1252
		"García":              "García",      // right as it is
		"Ã":                   "Ã",           // half of something
		"Ã© 日本":               "Ã© 日本",       // cannot have come about that way
		"São Tomé Ã©":         "São Tomé Ã©", // neither
		"à la carte, déjà vu": "à la carte, déjà vu",
		"50 £ § 5":            "50 £ § 5",
	} {
		if got := repaired(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

func TestPlainText(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"a <b and> c <#> <DECIMAL>":                             "a <b and> c <#> <DECIMAL>",
		"1 < 2 &amp; 3 &gt; 2":                                  "1 < 2 & 3 > 2",
		"<p class=\"x\">Hi <b>Ann</b>,</p><p>bye&nbsp;now</p>":  "Hi Ann,\nbye\u00a0now",
		"one<br>two<br/>three":                                  "one\ntwo\nthree",
		`see <a href="https://example.org/x">here</a>`:          "see here (https://example.org/x)",
		`<a href="https://example.org">https://example.org</a>`: "https://example.org",
		"<script>alert(1)</script>":                             "<script>alert(1)</script>",
		"  \n ":                                                 "",
	} {
		if got := plainText(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
	for _, c := range [][3]string{{"Hello", "text", "Hello\n\ntext"}, {"Hello", "Hello there", "Hello there"}, {"Hello", "", "Hello"}, {"", "x", "x"}} {
		if got := body(c[0], c[1]); got != c[2] {
			t.Errorf("%q with %q is %q", c[0], c[1], got)
		}
	}
}

func TestAddress(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"https://www.linkedin.com/in/Ann-B/":         "https://www.linkedin.com/in/ann-b",
		"http://WWW.LinkedIn.com/in/ann?trk=x#y":     "https://www.linkedin.com/in/ann",
		"http://fr.linkedin.com/in/ann":              "https://www.linkedin.com/in/ann",
		"linkedin.com/in/ann/":                       "https://www.linkedin.com/in/ann",
		"https://notlinkedin.com/in/ann":             "https://notlinkedin.com/in/ann",
		"www.linkedin.com/in/ann":                    "https://www.linkedin.com/in/ann",
		"https://www.linkedin.com/in/ren%C3%A9":      "https://www.linkedin.com/in/ren%c3%a9",
		"":                                           "",
		"ann":                                        "",
		"javascript:alert(1)":                        "",
		"ftp://example.org/in/ann":                   "",
		"https://www.linkedin.com/":                  "",
		"https://e.org/" + strings.Repeat("x", 1000): "",
	} {
		if got := Address(in); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
}

// Everything that a row can have against it, named by line.
func TestOddRows(t *testing.T) {
	t.Parallel()
	row := func(talk, from, url, to, urls, date, subject, content, folder string) string {
		return strings.Join([]string{talk, "", from, url, to, urls, date, subject, `"` + content + `"`, folder}, ",") + "\r\n"
	}
	ok := "2023-06-11 15:33:58 UTC"
	many := make([]string, 60)
	for i := range many {
		many[i] = fmt.Sprintf("https://www.linkedin.com/in/m%d", i)
	}
	a := opened(t, "\ufeff"+head+
		row("c1", "Ann", ann, "Bob", bob, ok, "", "fine", "INBOX")+ // line 2
		row("c1", "Bob", bob, "Ann", ann, ok, "", "", "INBOX")+
		row("c1", "Bob", bob, "Ann", ann, "yesterday", "", "x", "INBOX")+
		row("c1", "Bob", bob, "Ann", ann, "2031-01-01 00:00:00 UTC", "", "x", "INBOX")+
		row("c1", "Bob", bob, "Ann", ann, "2023-06-11 15:33:58 PST", "", "x", "INBOX")+
		row("c1", "Bob", bob, "Ann", ann, ok, "", strings.Repeat("é", sealpost.MaxBody+1), "INBOX")+
		row("c2", "Ann", ann, "Ann", ann, ok, "", "to myself", "INBOX")+
		row("c1", "", "", "Ann", ann, ok, "", "x", "INBOX")+
		row("c1", "Ann", ann, "Bob", bob, ok, "", "x", "DRAFTS")+
		row("c3", "Eve", "https://www.linkedin.com/in/eve", "Ann", ann, ok, "", "buy", "SPAM")+
		row("c4", "Ann", ann, "", strings.Join(many, ";"), ok, "", "all", "INBOX")+
		row("c1", "Bob", bob, "Ann", ann, ok, "Re", "bad \xff byte", "ARCHIVE"), "", ann)
	got := given(t, a)
	if len(got) != 2 || got[0].Body != "Re\n\nbad \ufffd byte" || got[1].Body != "fine" || got[0].Place != 0 || got[1].Place != 1 {
		t.Errorf("taken: %+v", got)
	}
	want := "3 no date, or one that cannot be messages.csv:4 messages.csv:5 messages.csv:6; 1 a draft messages.csv:10; " +
		"1 in the spam folder messages.csv:11; 1 more than 50 people in the conversation messages.csv:12; 1 no sender messages.csv:9; " +
		"1 no text messages.csv:3; 1 nobody else is in the conversation messages.csv:8; 1 text over the limit of 10000 characters messages.csv:7"
	if s := skipped(a); s != want {
		t.Errorf("skipped: %s", s)
	}
	if a.Rows() != 12 || a.Taken() != 2 {
		t.Errorf("%d of %d rows", a.Taken(), a.Rows())
	}
}

// What names a conversation is kept as long as the archive is read: a row with a name
// that is long to hurt is passed over, and nothing of it is kept.
func TestLongConversationIDs(t *testing.T) {
	t.Parallel()
	var in strings.Builder
	in.WriteString(head)
	add := func(talk, from string) {
		fmt.Fprintf(&in, "%s,,%s,,Bob,%s,2023-06-11 15:33:58 UTC,,x,INBOX\r\n", talk, from, bob)
	}
	add("c1"+strings.Repeat("x", maxAddress-2), "Ann") // line 2: as long as may be
	add("c2"+strings.Repeat("x", maxAddress-1), "Ann")
	add(strings.Repeat("é", maxAddress/2+1), "Ann") // bytes count
	for i := range 500 {
		add(fmt.Sprintf("%s%d", strings.Repeat("y", 10_000), i), "Ann")
	}
	a := opened(t, in.String(), "", bob)
	if a.Taken() != 1 || a.Rows() != 503 || len(a.Threads()) != 1 {
		t.Errorf("%d of %d rows, %d conversations", a.Taken(), a.Rows(), len(a.Threads()))
	}
	skips := a.Skipped()
	if len(skips) != 1 || skips[0].Reason != RowTooLong || skips[0].Count != 502 || skips[0].Where[0] != "messages.csv:3" || skips[0].Where[1] != "messages.csv:4" {
		t.Errorf("skipped: %+v", skips)
	}
	kept := 0
	for key := range a.byTalk {
		kept += len(key)
	}
	for key := range a.byKey { // who has no address is known within the conversation
		kept += len(key)
	}
	for _, one := range a.talks {
		kept += len(one.key) + len(one.title)
	}
	for _, one := range a.people {
		kept += len(one.key) + len(one.name)
	}
	if kept > 10*maxAddress {
		t.Errorf("%d bytes are kept of %d", kept, in.Len())
	}
}

// Blanks around what is kept are not kept with it. Not parallel: it measures.
func TestBlanksAreNotKept(t *testing.T) {
	const rows, blanks = 100, 100_000
	var in bytes.Buffer
	in.WriteString(head)
	wide := strings.Repeat(" ", blanks)
	for i := range rows {
		fmt.Fprintf(&in, "c%d%s,t%d%s,n%d%s,,Bob,%s,2023-06-11 15:33:58 UTC,,x,INBOX\r\n", i, wide, i, wide, i, wide, bob)
	}
	files := fstest.MapFS{"messages.csv": {Data: in.Bytes()}}
	used := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := used()
	a, err := Open(files, today)
	if err == nil {
		err = a.Scan(t.Context(), nil)
	}
	kept := used() - before
	if err != nil || a.Taken() != rows || len(a.talks) != rows || a.talks[7].title != "t7" {
		t.Fatalf("%d rows, %v", a.Taken(), err)
	}
	if kept > rows*blanks/10 {
		t.Errorf("%d bytes are kept of %d", kept, in.Len())
	}
	runtime.KeepAlive(files)
}

// Columns in another order and case, without those that are not needed; people without
// address; conversations without id.
func TestLiberal(t *testing.T) {
	t.Parallel()
	a := opened(t, "notes above\n\ndate,Content,sender_profile_url,From,To,recipient profile urls\n"+
		"2023-06-11 15:33:58 UTC,third,"+ann+",Ann,Bob,"+bob+"\n"+
		"2023-06-11 15:33:57 UTC,second,"+bob+",Bob,Ann,"+ann+"\n"+
		"2023-06-11 15:33:56 UTC,first,,LinkedIn Member,Ann,"+ann+"\n"+
		"2023-06-11 15:33:55 UTC,answer,,Ann,LinkedIn Member,\n", "", "https://www.linkedin.com/in/ann/?x=1")
	if len(a.Threads()) != 2 || len(a.People()) != 3 || a.People()[0].Name != "Ann" {
		t.Fatalf("%+v, %+v", a.Threads(), a.People())
	}
	var bodies []string
	for _, m := range given(t, a) {
		bodies = append(bodies, m.Body)
	}
	if !slices.Equal(bodies, []string{"second", "third", "answer", "first"}) {
		t.Errorf("order %q", bodies)
	}
	if p := a.People()[2]; p.Known || p.Name != "LinkedIn Member" {
		t.Errorf("a person without address: %+v", p)
	}
}

func TestGroupsAndOrder(t *testing.T) {
	t.Parallel()
	cat := "https://www.linkedin.com/in/cat"
	a := opened(t, head+
		"g,Lunch,Cat,"+cat+",\"Ann,Bob\","+ann+";"+bob+",2023-06-11 15:33:58 UTC,,later,INBOX\r\n"+
		"d2,,Ann,"+ann+",Bob,"+bob+",2023-06-11 15:33:57 UTC,,b2,INBOX\r\n"+
		"d1,,Ann,"+ann+",Bob,"+bob+",2023-06-11 15:33:57 UTC,,b1,INBOX\r\n"+
		"g,,Ann,"+ann+",\"Bob,Cat\","+bob+";"+cat+",2023-06-11 15:33:50 UTC,,early,INBOX\r\n"+
		"d1,,Ann,"+ann+",Bob,"+bob+",2023-06-11 15:33:40 UTC,,b0,INBOX\r\n",
		"Notes:\n\"something, with commas\"\n\nFirst Name,Last Name,URL,Email Address,Company,Position,Connected On\n"+
			"Bob,Bauer,"+bob+",bob@example.org,Works,\"Head, of things\",23 Mar 2014\nAnn,A,"+ann+",,,,\nGone,,,,,,23 Mar 2014\nDan,,https://www.linkedin.com/in/dan,,,,bad\n", ann)
	if len(a.Threads()) != 2 || !a.Threads()[0].IsGroup || a.Threads()[0].Title != "Lunch" || len(a.Threads()[0].Others) != 2 {
		t.Errorf("threads %+v", a.Threads())
	}
	var got []string
	for _, m := range given(t, a) {
		got = append(got, fmt.Sprintf("%s/%d/%d", m.Body, m.Ordinal, m.Place))
	}
	if !slices.Equal(got, []string{"early/0/0", "later/0/0", "b0/0/0", "b1/0/0", "b2/1/1"}) {
		t.Errorf("given %q", got)
	}
	links := a.Connections()
	if len(links) != 2 || links[0].Since != sealpost.InstantOf(time.Date(2014, 3, 23, 0, 0, 0, 0, time.UTC)) || links[1].Since != 0 {
		t.Errorf("connections %+v", links)
	}
	if p := a.People()[links[0].Person]; p.Headline != "Head, of things, Works" || p.Name != "Bob" {
		t.Errorf("a connection: %+v", p)
	}
	if s := skipped(a); s != "1 nobody is named Connections.csv:7; 1 the owner of the archive Connections.csv:6" {
		t.Errorf("skipped: %s", s)
	}
}

func TestOwner(t *testing.T) {
	t.Parallel()
	rows := head + "c,,Ann,%s,Bob,%s,2023-06-11 15:33:58 UTC,,x,INBOX\r\n"
	one := opened(t, fmt.Sprintf(rows, ann, bob), "", "")
	if o := one.Owner(); o.Clear {
		t.Errorf("one conversation tells nobody apart: %+v", o)
	}
	more := opened(t, fmt.Sprintf(rows, ann, bob)+"d,,Eve,https://www.linkedin.com/in/eve,Bob,"+bob+",2023-06-11 15:33:58 UTC,,x,INBOX\r\n", "", "")
	if o := more.Owner(); !o.Clear || o.Address != bob || o.Name != "Bob" || o.Rows != 2 {
		t.Errorf("recognised %+v", o)
	}
	if err := more.Choose("https://www.linkedin.com/in/nobody"); err == nil {
		t.Error("somebody who is not in it was taken for the owner")
	}
	named, err := Open(fstest.MapFS{
		"messages.csv": {Data: []byte(fmt.Sprintf(rows, ann, bob))}, "Profile.csv": {Data: []byte("First Name,Last Name\nBob,\n")},
	}, today)
	if err == nil {
		err = named.Scan(t.Context(), nil)
	}
	if o := named.Owner(); err != nil || !o.Clear || o.Address != bob {
		t.Errorf("Profile.csv says Bob, recognised %+v, %v", o, err)
	}
}

// The texts are read in parts, and are the same however many there are.
func TestWindows(t *testing.T) {
	t.Parallel()
	var in strings.Builder
	in.WriteString(head)
	for i := range 500 {
		fmt.Fprintf(&in, "c%d,,Ann,%s,X,https://www.linkedin.com/in/x%d,%s UTC,,message %d,INBOX\r\n", i%7, ann, i%7,
			time.Date(2023, 1, 1, 0, 0, 1000-i/3, 0, time.UTC).Format("2006-01-02 15:04:05"), i)
	}
	whole := given(t, opened(t, in.String(), "", ann))
	parts := opened(t, in.String(), "", ann)
	parts.windowBytes = 400
	if got := given(t, parts); len(got) != 500 || fmt.Sprint(got) != fmt.Sprint(whole) {
		t.Errorf("%d messages in parts, or others than in one", len(got))
	}
	broken := errors.New("enough")
	if err := parts.Messages(t.Context(), 3, func(int, []sealpost.ArchiveMessage) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("an error of the taker became %v", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := parts.Scan(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Error("a scan goes on after it was broken off")
	}
}

func TestNoArchive(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		files fstest.MapFS
		want  string
	}{
		"nothing":    {fstest.MapFS{"readme.txt": {}}, "there is no messages.csv"},
		"no header":  {fstest.MapFS{"messages.csv": {Data: []byte("a,b\nc,d\n")}}, "no header"},
		"empty":      {fstest.MapFS{"messages.csv": {}}, "no header"},
		"no date":    {fstest.MapFS{"messages.csv": {Data: []byte("FROM,CONTENT\na,b\n")}}, "no column DATE"},
		"no content": {fstest.MapFS{"messages.csv": {Data: []byte("FROM,DATE\na,b\n")}}, "no column CONTENT"},
		"no sender":  {fstest.MapFS{"messages.csv": {Data: []byte("CONTENT,DATE\na,b\n")}}, "no column SENDER PROFILE URL"},
	} {
		a, err := Open(c.files, today)
		if err == nil {
			err = a.Scan(t.Context(), nil)
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	b := &bounded{ReadCloser: nopCloser{bytes.NewReader(make([]byte, 100))}, left: 10}
	if _, err := b.Read(make([]byte, 50)); err == nil {
		t.Error("a file may be larger than it may be")
	}
}

type nopCloser struct{ *bytes.Reader }

func (nopCloser) Close() error { return nil }

// Whatever a file holds, it is read without a panic, in bounds, and twice the same.
func FuzzArchive(f *testing.F) {
	f.Add([]byte(head+"c,,Ann,"+ann+",Bob,"+bob+",2023-06-11 15:33:58 UTC,s,\"x \"\"y\"\"\",INBOX\r\n"), []byte("First Name,Last Name,URL\nA,B,"+bob+"\n"))
	f.Add([]byte("\ufeffDate,From,Content\n2023-06-11 15:33:58 UTC,A,<p>x</p>\n"), []byte{})
	f.Add([]byte("\"\"\",\"\n\r\x00,"), []byte("\xff\xfe"))
	f.Fuzz(func(t *testing.T, messages, connections []byte) {
		a, err := Open(fstest.MapFS{"messages.csv": {Data: messages}, "Connections.csv": {Data: connections}}, today)
		if err != nil {
			t.Fatal(err)
		}
		if a.Scan(t.Context(), nil) != nil {
			return
		}
		o := a.Owner()
		if a.Choose(o.Address) != nil {
			return
		}
		a.windowBytes = 64
		n := 0
		err = a.Messages(t.Context(), 2, func(thread int, batch []sealpost.ArchiveMessage) error {
			last := sealpost.Instant(0)
			for _, m := range batch {
				n++
				if m.Body == "" || len(m.Body) > sealpost.MaxBodyBytes || m.At < earliest || m.At > today || m.At < last || m.Sender >= len(a.People()) || thread >= len(a.Threads()) {
					t.Fatalf("gave %+v of thread %d", m, thread)
				}
				last = m.At
			}
			return nil
		})
		if err != nil || n != a.Taken() {
			t.Fatalf("gave %d of %d, %v", n, a.Taken(), err)
		}
		skips := 0
		for _, s := range a.Skipped() {
			for _, where := range s.Where {
				if strings.HasPrefix(where, "messages.csv") && s.Count <= maxNamed {
					skips++
				}
			}
		}
		if n+skips > a.Rows() {
			t.Fatalf("%d taken and %d skipped of %d", n, skips, a.Rows())
		}
	})
}
