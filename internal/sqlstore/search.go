package sqlstore

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base32"
	"slices"
	"strconv"
	"strings"

	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// Search is the sanctioned exception to one set of SQL: FTS5 and tsvector have
// nothing in common but the terms. Every term begins with the viewer whose it is, so
// that a search reads lists of this viewer's entries and of nobody else's: how long
// it takes and what it counts does not depend on what others have.

var (
	queryPutJob = register("index.put-job", `
INSERT INTO index_job (user_id, message_id, conversation_id, due) VALUES ($1, $2, $3, $4)
ON CONFLICT (user_id, message_id) DO UPDATE SET due = CASE WHEN index_job.due < excluded.due THEN index_job.due ELSE excluded.due END`)
	queryDueJobs = register("index.due", `
SELECT user_id, message_id FROM index_job WHERE due <= $1 ORDER BY due LIMIT $2`)
	queryLaterJob = register("index.later", "UPDATE index_job SET due = $3 WHERE user_id = $1 AND message_id = $2")
	queryDropJob  = register("index.drop-job", "DELETE FROM index_job WHERE user_id = $1 AND message_id = $2")
	queryDropJobs = register("index.drop-jobs", "DELETE FROM index_job WHERE message_id = $1")
	queryUserJobs = register("index.drop-user-jobs", "DELETE FROM index_job WHERE user_id = $1")
	queryBacklog  = register("index.backlog", `
SELECT COUNT(*) FROM (SELECT 1 FROM index_job WHERE due <= $1 LIMIT $2) AS waiting`)
	// The job is taken first, then the message is read anew: whoever makes it
	// unreadable waits for the job, or the job is gone (F5).
	queryTakeSQLite = registerOnly(engineSQLite, "index.take", `
SELECT user_id, message_id, conversation_id FROM index_job WHERE due <= $1 ORDER BY due LIMIT $2`)
	queryTakePostgres = registerOnly(enginePostgres, "index.take-locked", `
SELECT user_id, message_id, conversation_id FROM index_job WHERE due <= $1 ORDER BY due LIMIT $2 FOR UPDATE SKIP LOCKED`)
	// Jobs for somebody who was erased come from what others open; they find nothing.
	queryIndexMessage = register("index.message", "SELECT "+messageColumns+` FROM message m
WHERE m.conversation_id = $1 AND m.id = $2 AND NOT EXISTS (SELECT 1 FROM users u WHERE u.id = $3 AND u.erased_at > 0)`)

	queryRequeueOpened = register("index.requeue-opened", `
INSERT INTO index_job (user_id, message_id, conversation_id, due)
SELECT user_id, message_id, conversation_id, 0 FROM delivery WHERE state = 2 AND visible = 1
ON CONFLICT (user_id, message_id) DO NOTHING`)
	queryRequeueSent = register("index.requeue-sent", `
INSERT INTO index_job (user_id, message_id, conversation_id, due)
SELECT sender_id, id, conversation_id, 0 FROM message WHERE ref < 0 AND state = 3
ON CONFLICT (user_id, message_id) DO NOTHING`)

	queryNames = register("search.names", `
SELECT c.id, `+titleFor+`, p.user_id, u.name FROM (
 SELECT i.conversation_id, i.last_activity_at FROM inbox i WHERE i.user_id = $1 AND i.last_activity_at > 0
 ORDER BY i.last_activity_at DESC, i.conversation_id DESC LIMIT $2) AS v
JOIN conversation c ON c.id = v.conversation_id
JOIN participant s ON s.conversation_id = v.conversation_id AND s.user_id = $1
JOIN participant p ON p.conversation_id = v.conversation_id AND (s.left_at = 0 OR p.first_at <= s.left_at)
JOIN users u ON u.id = p.user_id
ORDER BY v.last_activity_at DESC, c.id DESC, p.user_id`)
)

// A term is one private character, the viewer, and a word or, after another private
// character, what is said of the whole message. Words never have such a character:
// no text can spell a term that is not a word (see words).
const private = "\ue000"

// viewerTerms makes the terms of one viewer.
type viewerTerms string

func termsOf(viewer sealpost.UserID) viewerTerms { return viewerTerms(private + encodedID(viewer)) }

func encodedID(id [16]byte) string {
	return strings.ToLower(base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(id[:]))
}

func (v viewerTerms) word(w string) string { return string(v) + w }
func (v viewerTerms) all() string          { return string(v) + private + "a" }
func (v viewerTerms) from(u sealpost.UserID) string {
	return string(v) + private + "f" + encodedID(u)
}

func (v viewerTerms) in(c sealpost.ConversationID) string {
	return string(v) + private + "i" + encodedID(c)
}

// whole are the terms of a message as a whole.
func (v viewerTerms) whole(m sealpost.Message) []string {
	return []string{v.all(), v.from(m.SenderID), v.in(m.ConversationID)}
}

// grammar is how an engine writes a question of terms.
type grammar struct {
	term                func(string) string
	next, prefix        string // between the words of a phrase; after a beginning
	phraseBegin, ending string
	and, or, not        string
}

func sqliteGrammar() grammar {
	return grammar{
		term: func(t string) string { return t }, next: " ", prefix: "*", phraseBegin: `"`, ending: `"`,
		and: " AND ", or: " OR ", not: " NOT ",
	}
}

func postgresGrammar() grammar {
	return grammar{term: quoteLexeme, next: " <-> ", prefix: ":*", phraseBegin: "(", ending: ")", and: " & ", or: " | ", not: " & !"}
}

// quoteLexeme quotes for tsvector and tsquery. Terms have no character that needs
// it; what is written here must not depend on that.
func quoteLexeme(t string) string { return "'" + lexemeQuotes.Replace(t) + "'" }

// lexemeQuotes is the table of what is doubled between quotes.
var lexemeQuotes = strings.NewReplacer(`\`, `\\`, `'`, `''`)

// question writes the conditions; false if nothing can fulfil them. What must not be
// comes last, as FTS5 wants it.
func (g grammar) question(v viewerTerms, conditions []service.SearchCondition) (string, bool) {
	wanted, unwanted := []string{g.phrase(v.all())}, []string{}
	for _, c := range conditions {
		text := g.condition(v, c)
		switch {
		case c.Term.Not && !c.Empty():
			unwanted = append(unwanted, text)
		case c.Empty() && !c.Term.Not:
			return "", false
		case !c.Empty():
			wanted = append(wanted, text)
		}
	}
	if len(wanted) > 1 {
		wanted = wanted[1:]
	}
	out := "(" + strings.Join(wanted, g.and) + ")"
	if len(unwanted) > 0 {
		out += g.not + "(" + strings.Join(unwanted, g.or) + ")"
	}
	return out, true
}

func (g grammar) condition(v viewerTerms, c service.SearchCondition) string {
	var any []string
	if t := c.Term; len(t.Words) > 0 {
		terms := make([]string, len(t.Words))
		for i, w := range t.Words {
			terms[i] = v.word(w)
		}
		text := g.phrase(terms...)
		if t.Prefix {
			if g.phraseBegin == "(" { // the mark stands at the word, not after the phrase
				text = strings.TrimSuffix(text, g.ending) + g.prefix + g.ending
			} else {
				text += g.prefix
			}
		}
		any = append(any, text)
	}
	for _, u := range c.From {
		any = append(any, g.phrase(v.from(u)))
	}
	for _, id := range c.In {
		any = append(any, g.phrase(v.in(id)))
	}
	return "(" + strings.Join(any, g.or) + ")"
}

func (g grammar) phrase(terms ...string) string {
	quoted := make([]string, len(terms))
	for i, t := range terms {
		quoted[i] = g.term(t)
	}
	return g.phraseBegin + strings.Join(quoted, g.next) + g.ending
}

// ftsText is what FTS5 is given to split: terms between spaces. A word that does not
// count keeps its place.
func ftsText(v viewerTerms, m sealpost.Message, list []string) string {
	var b strings.Builder
	for _, t := range v.whole(m) {
		b.WriteString(t)
		b.WriteByte(' ')
	}
	for _, w := range list {
		if w == "" {
			b.WriteString(private)
		} else {
			b.WriteString(v.word(w))
		}
		b.WriteByte(' ')
	}
	return b.String()
}

// vectorText is a tsvector in its written form.
func vectorText(v viewerTerms, m sealpost.Message, list []string) string {
	var b strings.Builder
	for _, t := range v.whole(m) {
		b.WriteString(quoteLexeme(t))
		b.WriteByte(' ')
	}
	for i, w := range list {
		if w == "" {
			continue
		}
		b.WriteString(quoteLexeme(v.word(w)))
		b.WriteByte(':')
		b.WriteString(strconv.Itoa(i + 1))
		b.WriteByte(' ')
	}
	return b.String()
}

// job is one message to be indexed for one viewer.
type job struct {
	user         sealpost.UserID
	message      sealpost.MessageID
	conversation sealpost.ConversationID
	read         sealpost.Message
	found        bool
}

// Index implements service.Search. It looks first without a transaction whether there
// is anything to do: mostly there is not.
func (s *Store) Index(ctx context.Context, limit int, read func(sealpost.Message, sealpost.UserID, sealpost.Instant) service.Indexing) (int, error) {
	now, err := s.Now(ctx)
	if err != nil {
		return 0, err
	}
	waiting := false
	err = s.engine.read(ctx, ask(queryDueJobs, func(row) error { waiting = true; return nil }, int64(now), int64(1)))
	if err != nil || !waiting {
		return 0, err
	}
	taken := 0
	err = s.inAlone(ctx, func(a *amendment) error {
		jobs, err := a.takeJobs(limit)
		if err != nil {
			return err
		}
		taken = len(jobs)
		return a.index(jobs, read)
	})
	return taken, err
}

// takeJobs takes jobs and reads their messages, under the jobs' locks.
func (a *amendment) takeJobs(limit int) ([]job, error) {
	take, first := queryTakeSQLite, []statement{}
	if a.store.dialect.locks {
		take, first = queryTakePostgres, append(first, ask(queryShareIndex, ignore))
	}
	var jobs []job
	err := a.run(append(first, ask(take, func(r row) error {
		var j job
		err := r.Scan(into(&j.user), into(&j.message), into(&j.conversation))
		jobs = append(jobs, j)
		return err
	}, int64(a.now), int64(limit)))...)
	if err != nil {
		return nil, err
	}
	var reads []statement
	for i := range jobs {
		j := &jobs[i]
		j.read.ConversationID, j.read.ID = j.conversation, j.message // for deliveriesOf
		reads = append(reads, ask(queryIndexMessage, func(r row) error {
			j.found = true
			return scanMessage(r, &j.read)
		}, bytesOf(j.conversation), bytesOf(j.message), bytesOf(j.user)), deliveriesOf(&j.read))
	}
	return jobs, a.run(reads...)
}

// index works off jobs.
func (a *amendment) index(jobs []job, read func(sealpost.Message, sealpost.UserID, sealpost.Instant) service.Indexing) error {
	var done []statement
	var entries []entry
	for i := range jobs {
		j, what := &jobs[i], service.Indexing{}
		if j.found {
			what = read(j.read, j.user, a.now)
		}
		if what.Later > a.now {
			done = append(done, run(queryLaterJob, bytesOf(j.user), bytesOf(j.message), int64(what.Later)))
			continue
		}
		done = append(done, run(queryDropJob, bytesOf(j.user), bytesOf(j.message)))
		if what.Ready {
			entries = append(entries, entry{viewer: j.user, message: j.read, words: what.Words})
		}
	}
	if err := a.run(done...); err != nil {
		return err
	}
	return a.addEntries(entries)
}

// entry is what is to be written of a message for one viewer.
type entry struct {
	viewer  sealpost.UserID
	message sealpost.Message
	words   []string
	place   int64 // on SQLite, of one that was not there yet
}

// addEntries writes the entries that are not there yet. On SQLite the words come last
// and in the order of their places: FTS5 writes out what it gathered when a place is
// lower than the one before, or another statement begins that may have to be undone,
// and an index of many small pieces costs more than one of a few large ones.
func (a *amendment) addEntries(entries []entry) error {
	var writes []statement
	if a.store.dialect.name == enginePostgres {
		for _, e := range entries {
			m := e.message
			writes = append(writes, run(queryAddEntryPostgres,
				bytesOf(e.viewer), bytesOf(m.ID), bytesOf(m.ConversationID), int64(m.SentAt), vectorText(termsOf(e.viewer), m, e.words)))
		}
		return a.run(writes...)
	}
	if err := a.givePlaces(entries); err != nil {
		return err
	}
	slices.SortFunc(entries, func(x, y entry) int { return cmp.Compare(x.place, y.place) })
	for _, e := range entries {
		if e.place != 0 {
			writes = append(writes, run(queryAddWords, e.place, ftsText(termsOf(e.viewer), e.message, e.words)))
		}
	}
	return a.run(writes...)
}

// unindex are the statements that drop jobs and entries, the jobs first: an indexer
// that holds a job is waited for, and what it wrote is seen by the statement after.
func (s *Store) unindex(refs []service.IndexRef) []statement {
	var out []statement
	for _, r := range refs {
		message, user := bytesOf(r.Message), bytesOf(r.User)
		if r.User.IsZero() {
			out = append(out, run(queryDropJobs, message))
			if s.dialect.name == engineSQLite {
				out = append(out, run(queryDropWordsOf, message))
			}
			out = append(out, run(queryDropEntries, message))
			continue
		}
		out = append(out, run(queryDropJob, user, message))
		if s.dialect.name == engineSQLite {
			out = append(out, run(queryDropWords, user, message))
		}
		out = append(out, run(queryDropEntry, user, message))
	}
	return out
}

// UnindexUser implements service.Unindexer.
func (a *amendment) UnindexUser(user sealpost.UserID) error {
	statements := []statement{run(queryUserJobs, bytesOf(user))}
	if a.store.dialect.name == engineSQLite {
		statements = append(statements, run(queryDropUserWords, bytesOf(user)))
	}
	return a.run(append(statements, run(queryDropUserEntries, bytesOf(user)))...)
}

// indexWrites are the jobs and deletions of a change.
func (t *transaction) indexWrites(in sealpost.ConversationID, c service.Change) []statement {
	var out []statement
	for _, j := range c.Index {
		out = append(out, run(queryPutJob, bytesOf(j.User), bytesOf(j.Message), bytesOf(in), int64(j.Due)))
	}
	return append(out, t.store.unindex(c.Unindex)...)
}

// IndexBacklog implements service.Search.
func (s *Store) IndexBacklog(ctx context.Context, limit int) (int, error) {
	now, err := s.Now(ctx)
	if err != nil {
		return 0, err
	}
	n := 0
	err = s.engine.read(ctx, ask(queryBacklog, func(r row) error { return r.Scan(&n) }, int64(now), int64(limit)))
	return n, err
}

// Reindex implements service.Search.
func (s *Store) Reindex(ctx context.Context) error {
	return s.inAlone(ctx, func(a *amendment) error {
		drop := []statement{run(queryDropAllWords), run(queryDropAllSQLite)}
		if s.dialect.name == enginePostgres {
			drop = []statement{ask(queryLockIndex, ignore), run(queryDropAllPostgres)}
		}
		return a.run(append(drop, run(queryRequeueOpened), run(queryRequeueSent))...)
	})
}

// SearchNames implements service.Search.
func (s *Store) SearchNames(ctx context.Context, viewer sealpost.UserID, limit int) ([]service.SearchName, error) {
	var out []service.SearchName
	err := s.engine.read(ctx, ask(queryNames, func(r row) error {
		var n service.SearchName
		err := r.Scan(into(&n.Conversation), &n.Title, into(&n.User), &n.Name)
		out = append(out, n)
		return err
	}, bytesOf(viewer), int64(limit)))
	return out, err
}

// newestFirst orders hits: the time of delivery, then the id (R34).
func newestFirst(a, b service.SearchHit) int {
	if a.Message.SentAt != b.Message.SentAt {
		if a.Message.SentAt > b.Message.SentAt {
			return -1
		}
		return 1
	}
	return bytes.Compare(b.Message.ID[:], a.Message.ID[:])
}

// scanHit reads the columns of a hit and keeps it if the viewer has its content: the
// index never decides that (R2).
func scanHit(r row, viewer sealpost.UserID, to *[]service.SearchHit) error {
	var h service.SearchHit
	var d deliveryRow
	if err := scanMessage(r, &h.Message, append(d.dest(), &h.Title)...); err != nil {
		return err
	}
	if d.state != 0 {
		h.Message.Deliveries = []sealpost.Delivery{d.value()}
	}
	if h.Message.ReadableBy(viewer) && h.Message.ShownTo(viewer) {
		*to = append(*to, h)
	}
	return nil
}

// hitColumns are what scanHit reads.
const hitColumns = messageColumns + ", " + ownDelivery + ", " + titleFor

// titleFor is the title of c for the participant s, as sealpost.Conversation.TitleFor
// has it.
const titleFor = "CASE WHEN s.left_at > 0 AND c.titled_at > s.left_at THEN '' ELSE c.title END"

// addDeliveries gives the viewer's own messages all their deliveries.
func (s *Store) addDeliveries(ctx context.Context, viewer sealpost.UserID, hits []service.SearchHit) error {
	var reads []statement
	for i := range hits {
		if m := &hits[i].Message; m.SenderID == viewer {
			m.Deliveries = nil
			reads = append(reads, deliveriesOf(m))
		}
	}
	if len(reads) == 0 {
		return nil
	}
	return s.engine.read(ctx, reads...)
}
