package failpoint

// The registry. A new point is one line here and one Hit in the code:
// All reads the names from this file, and internal/tidy fails on a Hit of
// anything else and on a line that nothing hits.
//
// The decide points stand in the store, around the one transaction that
// carries several gathered decisions, so a crash there hits all of them.
const (
	DecideLocked    Point = "decide.locked"    // rows locked, snapshots not yet read
	DecideDecided   Point = "decide.decided"   // every pure function applied, nothing written
	DecideWritten   Point = "decide.written"   // every row written, before COMMIT
	DecideCommitted Point = "decide.committed" // after COMMIT, before the caller knows

	AmendWritten   Point = "amend.written"   // what is not in a conversation is written, before COMMIT
	AmendCommitted Point = "amend.committed" // after COMMIT, before the caller knows

	SendDecided Point = "send.decided"
	SendAnswer  Point = "send.answer"

	OpenDecided Point = "open.decided"
	OpenAnswer  Point = "open.answer"

	PreviewDecided Point = "preview.decided" // that text is shown is decided, nothing written
	PreviewAnswer  Point = "preview.answer"  // it is committed, no text has left

	RecallDecided Point = "recall.decided"
	RecallAnswer  Point = "recall.answer"

	UndoAnswer Point = "undo.answer"

	ReleaseClaimed Point = "release.claimed" // the lease is committed, nothing delivered
	ReleaseAnswer  Point = "release.answer"

	EpochKeyCreated   Point = "epoch.key-created"   // key in the key store, before its row
	EpochRowCreated   Point = "epoch.row-created"   // row committed, before its first use
	EpochClosing      Point = "epoch.closing"       // state closing committed
	EpochSwept        Point = "epoch.swept"         // each settled batch committed
	EpochChecked      Point = "epoch.checked"       // no wraps remain, before key destruction
	EpochKeyDestroyed Point = "epoch.key-destroyed" // before the row says destroyed
	EpochDestroyed    Point = "epoch.destroyed"

	IndexRead Point = "index.read" // a settled text is unsealed, no entry written

	IdempotencyReplay Point = "idempotency.replay"

	FanoutPublish Point = "fanout.publish" // committed, before the wake-up is published
)
