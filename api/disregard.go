package api

// Acknowledge answers a request to disregard a message.
type Acknowledge struct {
	Deleted bool `json:"deleted,omitempty" doc:"say that the message was deleted; it is hidden for oneself then"`
}

// Acknowledgement is what a recipient answered. Deleted is what they say: nobody can
// check it.
type Acknowledgement struct {
	At      Time `json:"at" format:"date-time"`
	Deleted bool `json:"deleted" doc:"they say that it was deleted"`
}
