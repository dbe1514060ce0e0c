package api

import "encoding/json"

// Throttle pauses recall for somebody who sends a lot (R14).
type Throttle struct {
	Messages   int      `json:"messages" minimum:"1" maximum:"1000000" doc:"sent in other conversations" example:"30"`
	Recipients int      `json:"recipients" minimum:"1" maximum:"1000000" doc:"distinct, of those messages" example:"20"`
	Refusals   int      `json:"refusals" minimum:"1" maximum:"1000000" doc:"refused recalls" example:"10"`
	Period     Duration `json:"period" format:"duration" doc:"1m to 24h" example:"10m"`
}

// Policy is the recall policy in force.
type Policy struct {
	Version               int64    `json:"version"`
	Recall                bool     `json:"recall" doc:"recall is switched on"`
	Window                Duration `json:"window" format:"duration" doc:"how long after delivery a recall is possible, 10s to 24h" example:"5m"`
	PerConversationPerDay int      `json:"per_conversation_per_day" doc:"recalls per sender, conversation and calendar day" example:"1"`
	Throttle              Throttle `json:"throttle"`
	Group                 string   `json:"group" enum:"unopened,all_or_nothing"`
	Trace                 string   `json:"trace" enum:"auto,always,never"`
	Previews              string   `json:"previews" enum:"off,after_window,immediate"`
	NotificationDelay     Duration `json:"notification_delay" format:"duration" example:"30s"`
	UndoDefault           Duration `json:"undo_default" format:"duration" example:"0s"`
	Reason                string   `json:"reason" doc:"why it was changed"`
	ChangedBy             *string  `json:"changed_by" format:"uuid" doc:"null: the server"`
	ChangedAt             *Time    `json:"changed_at" format:"date-time"`
}

// Policies is a page of the versions of the policy, newest first.
type Policies struct {
	Items      []Policy `json:"items"`
	NextCursor *string  `json:"next_cursor"`
}

// PutPolicy replaces the recall policy, for messages delivered afterwards.
type PutPolicy struct {
	Version               int64    `json:"version,omitempty" minimum:"0" doc:"the version that this change is based on; if another is in force: 409 version_conflict. Default: any"`
	Recall                bool     `json:"recall"`
	Window                Duration `json:"window" format:"duration" doc:"10s to 24h" example:"5m"`
	PerConversationPerDay int      `json:"per_conversation_per_day" minimum:"1" maximum:"1000000" example:"1"`
	Throttle              Throttle `json:"throttle"`
	Group                 string   `json:"group" enum:"unopened,all_or_nothing"`
	Trace                 string   `json:"trace" enum:"auto,always,never"`
	Previews              string   `json:"previews" enum:"off,after_window,immediate"`
	NotificationDelay     Duration `json:"notification_delay" format:"duration" doc:"0s to 1h" example:"30s"`
	UndoDefault           Duration `json:"undo_default" format:"duration" doc:"0s to 2m" example:"0s"`
	Reason                string   `json:"reason" minLength:"1" maxLength:"500" doc:"why it is changed"`
}

// AuditEntry is one decision. It never holds content (R32).
type AuditEntry struct {
	ID             string          `json:"id" format:"uuid" doc:"of the decision"`
	At             Time            `json:"at" format:"date-time"`
	ActorID        *string         `json:"actor_id" format:"uuid" doc:"null: the server"`
	Action         string          `json:"action" example:"recall.granted"`
	ConversationID string          `json:"conversation_id,omitempty" format:"uuid"`
	MessageID      string          `json:"message_id,omitempty" format:"uuid"`
	SubjectID      string          `json:"subject_id,omitempty" format:"uuid" doc:"the other person, if the action has one"`
	Code           string          `json:"code,omitempty" doc:"of a refusal"`
	Detail         json.RawMessage `json:"detail,omitempty" doc:"ids and settings only"`
}

// Audit is a page of the audit log, newest first.
type Audit struct {
	Items      []AuditEntry `json:"items"`
	NextCursor *string      `json:"next_cursor" doc:"null on the last page"`
}
