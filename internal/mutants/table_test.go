package mutants

// mutant is one wrong patch: in file, old is replaced by with, and a test of pkg
// that matches run has to fail.
type mutant struct {
	rule, what      string
	file, old, with string
	pkg, run        string
}

const (
	domain  = "internal/sealpost/"
	verdict = "internal/policy/"
	useCase = "internal/service/"
	store   = "internal/sqlstore/"
	wire    = "internal/httpapi/"
)

// mutants is the table, in the order of the rules.
var mutants = []mutant{
	{
		"R1", "sealed bodies show their length", "internal/seal/seal.go",
		"	case n+lengthPrefix <= minClass:\n		return minClass\n	}\n	return 1 << bits.Len(uint(n+lengthPrefix-1))",
		"	}\n	return n + lengthPrefix", "./internal/seal", ".",
	},
	{
		"R2", "content is readable before it is opened", domain + "message.go",
		"return ok && d.Visible && d.State == DeliveryOpened", "return ok && d.Visible", "./internal/service", "TestOpenOrRecall",
	},
	{
		"R2", "a preview shows the text before the opening", useCase + "outlook.go",
		"		if m.ReadableBy(reader) {", "		if m.VisibleTo(reader) {", "./internal/service", "TestPreview",
	},
	{
		"R3", "something of the content is written down", useCase + "send.go",
		`Audit{Action: "message.send", Message: m.ID}`, `Audit{Action: "message.send", Message: m.ID, Detail: c.in.Body}`, "./internal/service", "TestAudit",
	},
	{
		"R3", "an own message is found when somebody opens it secretly", useCase + "search.go",
		"d.State == sealpost.DeliveryOpened && d.Receipt }", "d.State == sealpost.DeliveryOpened }", "./internal/service", "Search|Index|Settle",
	},
	{
		"R4", "a GET opens", wire + "open.go",
		`method: http.MethodPost, path: "/conversations/{id}/open"`, `method: http.MethodGet, path: "/conversations/{id}/open"`, "./internal/httpapi", ".",
	},
	{
		"R5", "only the named message is opened", store + "load.go",
		"AND d.sent_at <= (SELECT t.sent_at", "AND d.sent_at = (SELECT t.sent_at", "./internal/sqlstore/storetest", "TestSQLite/^[^m]",
	},
	{
		"R6", "the retry of a lost open has no content", useCase + "open.go",
		"out.Messages = append(out.Messages, v)", "_ = v", "./internal/service", "TestOpenReplays",
	},
	{
		"R7", "a recalled message opens", domain + "transitions.go",
		"if d.State != DeliverySealed || !d.Visible {", "if !d.Visible {", "./internal/sealpost", ".",
	},
	{
		"R7", "decisions of one conversation are not serialised", store + "transaction.go",
		"WHERE id = ANY($1) ORDER BY id FOR UPDATE", "WHERE id = ANY($1) ORDER BY id", "./internal/sim", "TestBarrierRace",
	},
	{
		"R8", "a stranger is told that there is something", useCase + "recall.go",
		"return nil, sealpost.NotFound() // R8", "return nil, sealpost.Refuse(sealpost.CodeNotSender, \"\") // R8", "./internal/service", "TestWhoMayRecall",
	},
	{
		"R8", "the opening is looked at first", verdict + "recall.go",
		"		{sealpost.CodeRecallOff, !p.Recall, 0},", "		{sealpost.CodeOpened, p.opened(f.Recipients, true), 0},\n		{sealpost.CodeRecallOff, !p.Recall, 0},", "./internal/policy", ".",
	},
	{
		"R8", "a secret opening shows in also", verdict + "recall.go",
		"case c.code == sealpost.CodeOpened && !p.opened(f.Recipients, false):", "case false:", "./internal/service", "TestSecretOpenings",
	},
	{
		"R8", "the forecast is a read receipt", verdict + "forecast.go",
		"Recipient{Opened: r.Opened && r.Receipt, Receipt: r.Receipt}", "r", "./internal/service", "TestSecretOpenings",
	},
	{
		"R9", "a second recall is decided anew", useCase + "recall.go",
		"if m.RecalledAt != 0 { // R9", "if false { // R9", "./internal/service", "TestRecallTwice",
	},
	{"R10", "refusals do not count", useCase + "recall.go", "Code: v.Code}, Refused: true}", "Code: v.Code}}", "./internal/service", "TestRefusalsInOrder"},
	{
		"R11", "a retry decides again", useCase + "recall.go",
		"	if s.Replay != nil {\n		return Change{}, r.replay(s)", "	if false {\n		return Change{}, r.replay(s)", "./internal/service", "TestRefusalReplays",
	},
	{
		"R12", "the end of the window is too early", verdict + "recall.go",
		"f.Now > f.RecallableUntil", "f.Now >= f.RecallableUntil", "./internal/policy", ".",
	},
	{
		"R12", "a committed end of the window is forgotten", verdict + "recall.go",
		"f.WindowOver || f.Now", "f.Now", "./internal/policy", ".",
	},
	{
		"R12", "the clock may go back in a conversation", store + "load.go",
		"l.tx.now, max(l.tx.now, s.Conversation.DecidedAt+1)", "l.tx.now, l.tx.now", "./internal/sqlstore/storetest", "TestSQLite/^[^m]",
	},
	{
		"R12", "a message gets the policy of today", store + "transaction.go",
		"l.snapshot.Recall.Policy, err = t.policy(ctx, l.snapshot.Message.PolicyVersion)", "l.snapshot.Recall.Policy, err = t.policy(ctx, t.version)", "./internal/sqlstore/storetest", "TestSQLite/^[^m]",
	},
	{
		"R13", "the day is 24 hours", useCase + "recall.go",
		"return sealpost.NextDay(s.Now, zone)", "_ = zone\n	return s.Now.Add(24 * time.Hour)", "./internal/service", "TestRefusalsInOrder",
	},
	{
		"R13", "changing the zone buys a recall", domain + "user.go",
		"now < u.ZoneChangedAt.Add(ZoneDelay)", "false", "./internal/sealpost", ".",
	},
	{
		"R14", "the own conversation throttles", store + "recall.go",
		"WHERE i.conversation_id <> $2\n AND m.sender_id = $1 AND m.kind <> 2 AND m.imported = 0\nORDER BY", "WHERE $2 = $2\n AND m.sender_id = $1 AND m.kind <> 2 AND m.imported = 0\nORDER BY", "./internal/sqlstore/storetest", "TestSQLite/^[^m]",
	},
	{
		"R14", "the throttle never ends a recall", verdict + "recall.go",
		"{sealpost.CodeThrottled, throttledUntil > f.Now, throttledUntil},", "{sealpost.CodeThrottled, false, throttledUntil},", "./internal/service", "TestThrottle",
	},
	{
		"R15", "all or nothing takes some", verdict + "recall.go",
		"		return opened > 0\n	}", "		return opened == len(recipients)\n	}", "./internal/service", "TestGroupRecall",
	},
	{
		"R16", "unread and order do not go back", useCase + "recall.go",
		"change.Recount = append(change.Recount, d.UserID)", "_ = d.UserID", "./internal/sweep", "TestViewersCannotTell",
	},
	{
		"R16", "a request that is not known yet can be answered", useCase + "requests.go",
		"		case !shot.Own.Known:", "		case false:", "./internal/service", "TestUnknownGroup",
	},
	{
		"R17", "a line is left where nobody knew", domain + "message.go",
		"		return l >= LevelNotified", "		return true", "./internal/service", "TestNoTraceWhereNoneWasLeft",
	},
	{
		"R17", "from whom it was recalled is asked to disregard it", domain + "disregard.go",
		"		if !ok || d.State != DeliverySealed && d.State != DeliveryOpened {", "		if false && !ok {", "./internal/service", "TestWhoIsAskedToDisregard",
	},
	{
		"R18", "the key outlives the recall", domain + "message.go",
		"	s.Ref, s.Wrapped, s.Body = 0, nil, nil\n", "", "./internal/service", "TestKeysOfAMessage",
	},
	{
		"R18", "the sweep brings keys back", store + "decide.go",
		"WHERE conversation_id = $1 AND id = $2 AND ref = $6", "WHERE conversation_id = $1 AND id = $2 AND $6 = $6", "./internal/sqlstore/storetest", "TestSQLite/^[^m]",
	},
	{
		"R20", "a draft is kept against the sender's wish", useCase + "recall.go",
		"	if r.in.KeepDraft {", "	if true {", "./internal/service", "TestRecalledTextComesBack",
	},
	{
		"R21", "live clients are not told", useCase + "recall.go",
		"	s.publish(at, r.affected)\n", "", "./internal/service", "TestNoTraceWhereNoneWasLeft",
	},
	{
		"R22", "everybody sends required notices", useCase + "send.go",
		"return k != sealpost.KindRequiredNotice || u.Has(sealpost.RoleNotices)", "return true", "./internal/service", "TestRefusalsInOrder",
	},
	{
		"R22", "a required notice is recalled", verdict + "recall.go",
		"{sealpost.CodeRequiredNotice, f.RequiredNotice, 0},", "{sealpost.CodeRequiredNotice, false, 0},", "./internal/service", "TestRefusalsInOrder",
	},
	{
		"R22", "the sender's own queue names what others reported", store + "flags.go",
		"AND (g.sender_id <> $2 OR g.reporter_id = $2)", "AND $2 = $2", "./internal/sqlstore/storetest", "TestSQLite/review",
	},
	{
		"R22", "a notice is released without the role", useCase + "pending.go",
		"	case !maySend(*s.Sender, m.Kind):", "	case false:", "./internal/service", "TestReleaseAsksForTheSender",
	},
	{
		"R23", "the text is not frozen", useCase + "flags.go",
		"e.Text, err = f.service.body(messageLabel(m), m.Content)", "_, err = f.service.body(messageLabel(m), m.Content)", "./internal/service", "TestFlagAndRecall",
	},
	{
		"R23", "the report's key goes with the epoch", useCase + "flags.go",
		"	n, longTerm := s.keys.LongTerm()\n	ref := seal.LongTermRef(n)\n	content.Ref = int64(ref)\n	content.Wrapped, err = seal.Wrap(s.rand, longTerm, ref, label, key)\n",
		"	_, longTerm := s.keys.LongTerm()\n	_, err = seal.Wrap(s.rand, longTerm, seal.LongTermRef(1), label, key)\n",
		"./internal/service", "TestFlagAndRecall",
	},
	{"R24", "presence does not count", useCase + "recall.go", "if setBack || s.Recall.Seen[u] >= sent {", "if setBack && s.Recall.Seen[u] >= sent {", "./internal/service", "TestPresence"},
	{
		"R24", "a dead node's connections are forgotten", store + "recall.go",
		"sealpost.Instant(max(seen, lease))", "sealpost.Instant(seen)", "./internal/sqlstore/storetest", "TestSQLite/^[^m]",
	},
	{
		"R24", "a request is served before it is noted", wire + "auth.go",
		"	if err := s.service.Arrive(q.ctx, p); err != nil {\n		return err\n	}\n", "", "./internal/httpapi", "TestSendOpenRecall",
	},
	{
		"R24", "a page for everybody counts for somebody who is not noted", "internal/webui/request.go",
		"			if err := q.server.service.Arrive(q.ctx, p); err != nil {\n				return err\n			}\n			q.become(p)",
		"			q.become(p)\n			if access == Member {\n				if err := q.server.service.Arrive(q.ctx, p); err != nil {\n					return err\n				}\n			}", "./internal/webui", ".",
	},
	{
		"R24", "what a list showed is forgotten by the recall", domain + "transitions.go",
		"max(r.Level(d.UserID), d.Exposed())", "r.Level(d.UserID)", "./internal/service", "TestPreviewIsExposure",
	},
	{
		"R25", "the report tells the time of a secret opening", useCase + "report.go",
		"			if d.Receipt {\n				line.OpenedAt", "			if true {\n				line.OpenedAt", "./internal/service", "TestReportWithoutReceipt",
	},
	{"R26", "the sender's wish does not count", domain + "preview.go", "switch min(m.Previews, allowed) {", "switch allowed {", "./internal/service", "TestPreviewText"},
	{
		"R26", "text is shown while the window is open", domain + "preview.go",
		"if m, _ = CloseWindow(m, now); !m.WindowOver {", "if m, _ = CloseWindow(m, now); false {", "./internal/service", "TestPreviewText",
	},
	{
		"R26", "that text was shown is not written down", useCase + "preview.go",
		"Update: []Update{{Message: shown, Deliveries: []sealpost.Delivery{d}}},", "Update: []Update{{Message: before, Deliveries: []sealpost.Delivery{d}[:0]}},", "./internal/service", "TestPreviewIsExposure",
	},
	{"R27", "the undo time is not kept", useCase + "send.go", "	case release > s.Now:", "	case false:", "./internal/service", "TestUndo"},
	{
		"R28", "what is delivered can be undone", domain + "transitions.go",
		"func Undo(m Message, now Instant) (Message, error) {\n	switch {\n	case m.State.Pending():", "func Undo(m Message, now Instant) (Message, error) {\n	switch {\n	case m.State != Undone:", "./internal/sealpost", ".",
	},
	{
		"R28", "an edit moves nothing", domain + "transitions.go",
		"	if e.ReleaseAt != 0 {", "	if false {", "./internal/service", "TestEditPending",
	},
	{
		"R28", "what was refused at its release comes back without the reason", useCase + "pending.go",
		"	draft.Reason = reason\n", "	_ = reason\n", "./internal/service", "Refus|Releas|Cannot",
	},
	{
		"R28", "two devices send one draft twice", useCase + "send.go",
		"case !c.in.Draft.IsZero() && (s.Draft == nil || c.in.DraftVersion != AnyVersion && s.Draft.Content.Version != c.in.DraftVersion):",
		"case false:", "./internal/service", "Draft",
	},
	{
		"R28", "a draft of another device is written over", useCase + "drafts.go",
		"		if err == nil && version != AnyVersion && d.Content.Version != version {\n			err = sealpost.Refuse(",
		"		if false {\n			err = sealpost.Refuse(", "./internal/service", "Draft",
	},
	{
		"R28", "what a closed account has waiting is delivered", useCase + "pending.go",
		" || s.Sender == nil || s.Sender.DisabledAt != 0", "", "./internal/service", "TestReleaseAsksForTheSender",
	},
	{
		"R30", "removed text stays readable", domain + "flag.go",
		"	m.State, m.Content = Removed, m.Content.Erase()\n", "	m.State = Removed\n", "./internal/service", "TestKeysOfARemovedMessage",
	},
	{
		"R30", "what is removed can still be opened", domain + "flag.go",
		"			d.State, d.DecidedAt = DeliveryRemoved, now\n", "			d.DecidedAt = now\n", "./internal/sqlstore/storetest", "TestSQLite/review",
	},
	{
		"R30", "somebody who has to do with it decides", useCase + "moderation.go",
		"if received || f.SenderID == moderator || f.ReporterID == moderator {", "if f.SenderID == moderator && received {", "./internal/service", "TestEvidenceIsForTheImpartial",
	},
	{
		"R31", "a request to disregard passes a block", useCase + "disregard.go",
		"Reply: target, Reach: true,", "Reply: target,", "./internal/service", "TestDisregardIsNoWayAround",
	},
	{
		"R31", "an archive is consent", useCase + "import.go",
		"if err := a.SetConsent(group, user, consent); err != nil {", "if err := a.SetConsent(group, user, min(consent, sealpost.ConsentNone)); err != nil {",
		"./internal/service", "Import|Archive|Consent",
	},
	{
		"R31", "hiding tells the sender", store + "reach.go",
		"AND d.hidden = 1 AND d.visible = 1 AND d.state < 3 AND d.request = 0", "AND d.hidden = 2", "./internal/sqlstore/storetest", "TestSQLite/review",
	},
	{
		"R31", "connecting undoes a decline", useCase + "participants.go",
		"case was && before.Consent == sealpost.ConsentDeclined:", "case was && before.Consent == sealpost.ConsentDeclined && consent == sealpost.ConsentRequested:",
		"./internal/service", "TestDeclin",
	},
	{
		"R32", "evidence is read without an entry", useCase + "moderation.go",
		`Audit{Action: "evidence.read", Message: f.MessageID, Detail: flagDetail(f.ID, "")}`, `Audit{}`, "./internal/service", "TestEvidenceIsForTheImpartial",
	},
	{
		"R31", "a block shows", domain + "reach.go",
		"case s.Blocked || s.Disabled:\n			return ReceiveNot", "case s.Blocked || s.Disabled || s.Blocks:\n			return ReceiveNot",
		"./internal/service", "TestBlocksInAGroup",
	},
	{
		"R31", "a declined request tells the sender", domain + "transitions.go",
		"d.Marked = d.Closed && r.Trace.Marker(d.Level)", "d.Marked = false", "./internal/service", "TestDecliningIsInvisible",
	},
	{
		"R31", "who declined is told of what comes", useCase + "send.go",
		"if d.Visible { // R31", "if d.UserID != m.SenderID { // R31", "./internal/service", "TestDecliningIsInvisible",
	},
	{
		"R31", "a request that was recalled stays a request", store + "inbox.go",
		" request = `+requestNow+`", " request = request", "./internal/sqlstore/storetest", "TestSQLite/reach",
	},
	{
		"R31", "declining changes the answer of somebody who wants nobody new", domain + "reach.go",
		"	case s.Reach == ReachNobodyNew && !existing:\n		return ReceiveRefused // before the decline: declining must not change the answer\n	case c == ConsentDeclined:\n		return ReceiveClosed\n",
		"	case c == ConsentDeclined:\n		return ReceiveClosed\n	case s.Reach == ReachNobodyNew && !existing:\n		return ReceiveRefused\n", "./internal/sealpost", "Re",
	},
	{
		"R31", "an invitation reaches who blocks its sender", useCase + "invitations.go",
		"!has && !relation.BlockedBy { // R31", "!has { // R31", "./internal/service", "Invit|Block",
	},
	{
		"R31", "ignoring shows", useCase + "invitations.go",
		"		return []sealpost.UserID{mine.Owner}, a.PutInvitation(mine.Become(sealpost.InvitationIgnored, a.Now()))",
		"		return []sealpost.UserID{mine.Owner, mine.Other}, a.PutInvitation(mine.Become(sealpost.InvitationIgnored, a.Now()))", "./internal/service", "Invit|Ignor|Network",
	},
	{
		"R32", "a decision leaves no entry", store + "decide.go",
		"return append(out, insertAudit(c.Audit), run(queryAdvance", "return append(out, run(queryAdvance", "./internal/sqlstore/storetest", "TestSQLite/^[^m]",
	},
	{
		"R32", "an export leaves no entry", useCase + "export.go",
		"	if _, err := s.store.Amend(ctx, stamp, func(Amendment) ([]byte, error) { return nil, nil }); err != nil {\n		return err\n	}\n	e := &export",
		"	_ = stamp\n	e := &export", "./internal/httpapi", "TestExport",
	},
	{
		"R33", "who was erased stays in groups", useCase + "erase.go",
		"			if err := s.leaveErased(ctx, id, user); err != nil {\n				return err\n			}\n", "", "./internal/service", "TestErase",
	},
	{
		"R33", "who left sees who comes back", useCase + "conversation.go",
		"		if m.FirstAt > left {", "		if m.JoinedAt > left {", "./internal/service", "TestLeavers",
	},
	{
		"R33", "who left gets what comes later", domain + "conversation.go",
		"if p.Active() && p.UserID != sender {", "if p.UserID != sender {", "./internal/service", "TestLeaving",
	},
	{
		"R33", "who left opens what was sealed", store + "decide.go",
		"		out = append(out, run(queryTouchClosed, conversation, user, now), run(queryCloseSealed, conversation, user, now))", "		out = append(out, run(queryTouchClosed, conversation, user, now))", "./internal/sqlstore/storetest", "TestSQLite/^[^m]",
	},
	{
		"R33", "everybody adds and removes", useCase + "participants.go",
		"	case s.Conversation.CreatorID != d.actor:", "	case false:", "./internal/service", "Particip|Group|Leav|Join",
	},
	{
		"R33", "everybody names a group", useCase + "title.go",
		"	case s.Conversation.CreatorID != actor:", "	case false:", "./internal/service", "Title|Particip|Group",
	},
	{
		"R33", "a search gives the title of after leaving", store + "search.go",
		"CASE WHEN s.left_at > 0 AND c.titled_at > s.left_at THEN '' ELSE c.title END", "c.title", "./internal/sqlstore/storetest", "TestSQLite/search/Names",
	},
	{
		"R34", "a secret opening changes the sender's view", domain + "transitions.go",
		"	if receipt { // R34", "	if true { // R34", "./internal/service", "TestSecretOpenings",
	},
	{
		"R34", "a secret opening is signalled", useCase + "open.go",
		"if d.Receipt && !told[m.SenderID] {", "if !told[m.SenderID] {", "./internal/service", "TestSecretOpenings",
	},
	{
		"R34", "a reply names what its reader may not know of", useCase + "view.go",
		"	if visible[m.InReplyTo] { // R34", "	if visible != nil || !m.InReplyTo.IsZero() { // R34", "./internal/service", "Repl|Hid|Leav",
	},
	{
		"R34", "ids vanish that were never served", store + "views.go",
		"(d.state = 3 AND d.level >= 1)", "(d.state = 3 AND d.level >= 0)", "./internal/sqlstore/storetest", "TestSQLite/^[^m]",
	},
}
