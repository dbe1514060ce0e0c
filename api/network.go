package api

// Person is somebody else as the viewer has them, or the viewer.
type Person struct {
	User
	Connection        string `json:"connection" enum:"none,invited,invites_you,connected,self"`
	SharedConnections int    `json:"shared_connections" minimum:"0" maximum:"50" doc:"connections in common; 50 stands for 50 or more"`
	Blocked           bool   `json:"blocked" doc:"by the viewer; whether they block the viewer is told to nobody"`
}

// InviteUser asks somebody to connect.
type InviteUser struct {
	UserID string `json:"user_id" format:"uuid"`
	Note   string `json:"note,omitempty" maxLength:"300" doc:"plain text, on any number of lines" example:"We met in Basel."`
}

// Invitation is an invitation as the viewer has it.
type Invitation struct {
	ID        string `json:"id" format:"uuid"`
	From      User   `json:"from"`
	To        User   `json:"to"`
	Note      string `json:"note"`
	State     string `json:"state" enum:"open,accepted,ignored,withdrawn" doc:"what the other ignores goes on reading open for its sender"`
	CreatedAt Time   `json:"created_at" format:"date-time"`
}

// Invitations is a page of invitations, newest first.
type Invitations struct {
	Items      []Invitation `json:"items"`
	NextCursor *string      `json:"next_cursor" doc:"null on the last page"`
}

// Connection is somebody whom the viewer is connected with.
type Connection struct {
	User  User `json:"user"`
	Since Time `json:"since" format:"date-time"`
}

// Connections is a page of connections.
type Connections struct {
	Items      []Connection `json:"items"`
	NextCursor *string      `json:"next_cursor" doc:"null on the last page"`
}

// BlockUser blocks somebody.
type BlockUser struct {
	UserID string `json:"user_id" format:"uuid"`
}

// Block is somebody whom the viewer blocks.
type Block struct {
	User      User `json:"user"`
	BlockedAt Time `json:"blocked_at" format:"date-time"`
}

// Blocks is a page of blocked people, newest first.
type Blocks struct {
	Items      []Block `json:"items"`
	NextCursor *string `json:"next_cursor" doc:"null on the last page"`
}
