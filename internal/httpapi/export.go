package httpapi

import (
	"bufio"
	"context"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/served"
	"github.com/sealpost/sealpost/internal/service"
)

const (
	exportPath = base + "/me/export"
	// exportPageLimit is how long a client may take to read one page of an export.
	exportPageLimit = time.Minute
	exportBuffer    = 64 << 10
	exportAbout     = "Everything that this account has on this server: profile, settings, sign-ins and tokens without their secrets, connections, blocks, invitations, reports to the moderators, drafts, and every conversation followed by its messages, newest first. Messages that are still sealed are there without their text, and exporting opens nothing. A file without a last line of the kind end was cut off."
)

func (s *Server) registerExport() {
	o := operation{
		id: "exportMe", method: http.MethodGet, path: "/me/export", tag: "people", summary: "Export everything of one's own", content: true,
		description: "One JSON document a line, while it is read: a header, then the profile, sessions, tokens, connections, blocks, invitations, own reports, drafts, and each conversation with its messages. Messages that are still sealed come without their text: an export opens nothing. The last line counts the others; without it the file was cut off. It is in the audit log before the first line. One export of a person runs at a time, and four of everybody.",
		codes:       []sealpost.Code{sealpost.CodeRateLimited},
	}
	rt := &route{operation: o}
	s.handle(o.method, exportPath, rt, s.export)
	lines := s.api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[api.ExportLine](), true, "")
	s.api.OpenAPI().AddOperation(&huma.Operation{
		OperationID: o.id, Method: o.method, Path: exportPath, Tags: []string{o.tag}, Summary: o.summary, Description: o.description,
		Responses: map[string]*huma.Response{"200": {
			Description: "Lines of this type.", Content: map[string]*huma.MediaType{api.ExportType: {Schema: lines}},
		}},
		Metadata: map[string]any{routeKey: rt},
	})
}

// export streams. What fails before the first line is a problem; what fails later
// breaks the answer off, so that nobody takes it for whole.
func (s *Server) export(w http.ResponseWriter, r *http.Request, q *request) {
	if r.Method == http.MethodHead { // reads nothing, so there is nothing to note
		w.Header().Set("Content-Type", api.ExportType)
		return
	}
	out := &exportWriter{
		server: s, principal: q.principal, token: q.token, control: http.NewResponseController(w),
		to: bufio.NewWriterSize(w, exportBuffer), lines: map[string]int{},
	}
	err := s.service.Export(q.ctx, q.principal, func() service.ExportSink {
		w.Header().Set("Content-Type", api.ExportType)
		w.Header().Set("Content-Disposition", `attachment; filename="sealpost-export.ndjson"`)
		w.WriteHeader(http.StatusOK)
		out.begun = true
		return out
	})
	if err == nil {
		err = out.end()
	}
	switch {
	case err == nil:
	case out.begun:
		s.log.WarnContext(q.ctx, "an export was broken off", "error", err)
		served.BreakOff(w)
	default:
		s.problem(q.ctx, err).write(w)
	}
}

// exportWriter writes the lines of an export. It holds one buffer of them.
type exportWriter struct {
	server    *Server
	principal service.Principal
	token     string
	control   *http.ResponseController
	to        *bufio.Writer
	lines     map[string]int // by kind
	begun     bool
}

// Page gives the client its time for what is next, and ends the export of somebody
// who has been signed out meanwhile.
func (e *exportWriter) Page(ctx context.Context) error {
	if _, err := e.server.service.Authenticate(ctx, e.token); err != nil {
		return err
	}
	// Not every connection has deadlines; the server's own holds then.
	_ = e.control.SetWriteDeadline(e.server.clock().Add(exportPageLimit))
	if len(e.lines) == 0 {
		return e.write(api.ExportLine{Kind: api.ExportKindHeader, Header: &api.ExportHeader{
			Format: 1, UserID: e.principal.User.ID.String(), About: exportAbout,
		}})
	}
	return nil
}

func (e *exportWriter) write(line api.ExportLine) error {
	e.lines[line.Kind]++
	return encodeJSON(e.to, line)
}

func (e *exportWriter) end() error {
	if err := encodeJSON(e.to, api.ExportLine{Kind: api.ExportKindEnd, End: &api.ExportEnd{Lines: e.lines}}); err != nil {
		return err
	}
	return e.to.Flush()
}

func (e *exportWriter) Profile(u sealpost.User) error {
	return e.write(api.ExportLine{Kind: api.ExportKindProfile, Profile: &api.ExportProfile{Me: me(u), Settings: settings(u)}})
}

func (e *exportWriter) Session(v service.Session) error {
	if v.Kind == service.APIToken {
		token := wireToken(v)
		return e.write(api.ExportLine{Kind: api.ExportKindToken, Token: &token})
	}
	session := wireSession(v, e.principal)
	return e.write(api.ExportLine{Kind: api.ExportKindSession, Session: &session})
}

func (e *exportWriter) Connection(c service.Contact) error {
	line := connection(c)
	return e.write(api.ExportLine{Kind: api.ExportKindConnection, Connection: &line})
}

func (e *exportWriter) Block(c service.Contact) error {
	line := blocked(c)
	return e.write(api.ExportLine{Kind: api.ExportKindBlock, Block: &line})
}

func (e *exportWriter) Invitation(v service.InvitationItem) error {
	line := invitation(e.principal, v)
	return e.write(api.ExportLine{Kind: api.ExportKindInvitation, Invitation: &line})
}

func (e *exportWriter) Flag(v service.FlagView) error {
	line := flag(v)
	return e.write(api.ExportLine{Kind: api.ExportKindFlag, Flag: &line})
}

func (e *exportWriter) Draft(v service.DraftView) error {
	d := draft(v)
	return e.write(api.ExportLine{Kind: api.ExportKindDraft, Draft: &d})
}

func (e *exportWriter) Conversation(t service.Thread) error {
	c := conversation(t)
	return e.write(api.ExportLine{Kind: api.ExportKindConversation, Conversation: &c})
}

func (e *exportWriter) Message(v service.MessageView) error {
	m := message(v)
	return e.write(api.ExportLine{Kind: api.ExportKindMessage, Message: &m})
}

func (e *exportWriter) Report(r service.Report) error {
	line := report(r)
	return e.write(api.ExportLine{Kind: api.ExportKindReport, Report: &line})
}
