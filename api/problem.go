package api

// ProblemType is the media type of every error (RFC 9457).
const ProblemType = "application/problem+json"

// Problem is every error of the API (RFC 9457). Clients decide by Code; the set of
// codes is closed. A rejected value is never repeated.
type Problem struct {
	Type         string   `json:"type" doc:"about:blank: the code says what it is" example:"about:blank"`
	Title        string   `json:"title" doc:"the words of the HTTP status" example:"Conflict"`
	Status       int      `json:"status" doc:"the HTTP status" example:"409"`
	Detail       string   `json:"detail" doc:"a plain sentence for a person" example:"The recall window has closed."`
	Code         string   `json:"code" doc:"what clients decide by" example:"window_closed"`
	Field        string   `json:"field,omitempty" doc:"the field, parameter or header at fault" example:"participant_ids[1]"`
	RetryAt      *Time    `json:"retry_at,omitempty" format:"date-time" doc:"when it may be tried again; also as the header Retry-After"`
	Also         []string `json:"also,omitempty" doc:"the other reasons to refuse that the caller may know of"`
	Alternatives []string `json:"alternatives,omitempty" doc:"of a refused recall: what its sender can do instead, most fitting first" example:"follow_up,disregard,report,settings,block"`
	Choices      []Time   `json:"choices,omitempty" format:"date-time" doc:"of ambiguous_time: what can be meant"`
	Reference    string   `json:"reference,omitempty" doc:"finds an internal error in the server's log"`
}

// Error makes a problem an error for clients.
func (p *Problem) Error() string {
	s := p.Code
	if p.Field != "" {
		s += " (" + p.Field + ")"
	}
	if p.Detail != "" {
		s += ": " + p.Detail
	}
	if p.Reference != "" {
		s += " [" + p.Reference + "]"
	}
	return s
}
