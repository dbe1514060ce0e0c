package api

// SignIn asks for a session.
type SignIn struct {
	Email    string `json:"email" minLength:"1" maxLength:"254" example:"ada@example.org"`
	Password string `json:"password" minLength:"1" maxLength:"1024"`
}

// SignedIn is a new session. The token is shown once.
type SignedIn struct {
	Token     string `json:"token" doc:"for the header Authorization: Bearer"`
	ExpiresAt *Time  `json:"expires_at" format:"date-time"`
	User      Me     `json:"user"`
}

// Session is a sign-in of one's own.
type Session struct {
	ID        string `json:"id" format:"uuid"`
	Agent     string `json:"agent" doc:"the program that signed in, by its own account"`
	CreatedAt Time   `json:"created_at" format:"date-time"`
	ExpiresAt *Time  `json:"expires_at" format:"date-time"`
	Current   bool   `json:"current" doc:"the session of this request"`
}

// Sessions lists one's own sign-ins.
type Sessions struct {
	Items      []Session `json:"items"`
	NextCursor *string   `json:"next_cursor" doc:"always null: one page holds them all"`
}

// CreateToken asks for an API token.
type CreateToken struct {
	Name      string   `json:"name" minLength:"1" maxLength:"100" doc:"what it is for" example:"night job"`
	ExpiresAt *Time    `json:"expires_at,omitempty" format:"date-time" doc:"default: never"`
	Scopes    []string `json:"scopes,omitempty" minItems:"1" maxItems:"20" enum:"read,open,write,network,account,admin" doc:"what it is good for; default: whatever this session or token is" example:"[\"read\"]"`
}

// Token is an API token without its secret.
type Token struct {
	ID        string   `json:"id" format:"uuid"`
	Name      string   `json:"name"`
	CreatedAt Time     `json:"created_at" format:"date-time"`
	ExpiresAt *Time    `json:"expires_at" format:"date-time" doc:"null: never"`
	Scopes    []string `json:"scopes" enum:"read,open,write,network,account,admin" doc:"what it is good for; never more than its owner may"`
}

// NewToken is an API token with its secret, which is shown once.
type NewToken struct {
	ID        string   `json:"id" format:"uuid"`
	Name      string   `json:"name"`
	CreatedAt Time     `json:"created_at" format:"date-time"`
	ExpiresAt *Time    `json:"expires_at" format:"date-time" doc:"null: never"`
	Scopes    []string `json:"scopes" enum:"read,open,write,network,account,admin" doc:"what it is good for; never more than its owner may"`
	Token     string   `json:"token" doc:"for the header Authorization: Bearer; shown once"`
}

// Tokens lists one's own API tokens.
type Tokens struct {
	Items      []Token `json:"items"`
	NextCursor *string `json:"next_cursor" doc:"always null: one page holds them all"`
}

// Me is one's own account.
type Me struct {
	ID        string   `json:"id" format:"uuid"`
	Email     string   `json:"email"`
	Name      string   `json:"name"`
	Headline  string   `json:"headline"`
	TimeZone  string   `json:"time_zone" doc:"IANA name"`
	Language  string   `json:"language" doc:"BCP 47; empty: the organisation's"`
	Roles     []string `json:"roles" enum:"member,notices,moderator,compliance,admin"`
	CreatedAt Time     `json:"created_at" format:"date-time"`
}

// EditMe changes one's own profile; what is left out stays.
type EditMe struct {
	Name     *string `json:"name,omitempty" minLength:"1" maxLength:"100"`
	Headline *string `json:"headline,omitempty" maxLength:"200"`
	TimeZone *string `json:"time_zone,omitempty" minLength:"1" maxLength:"64" doc:"IANA name; counts for the daily recall limit after 48 hours" example:"Europe/Zurich"`
	Language *string `json:"language,omitempty" maxLength:"35" doc:"BCP 47; empty: the organisation's"`
}

// ChangePassword changes one's own password.
type ChangePassword struct {
	Old string `json:"old" minLength:"1" maxLength:"1024"`
	New string `json:"new" minLength:"8" maxLength:"1024"`
}

// Erase erases one's own account for good.
type Erase struct {
	Password string `json:"password" minLength:"1" maxLength:"1024" doc:"one's own, to be sure"`
}

// Settings are one's own settings.
type Settings struct {
	ReadReceipts  bool     `json:"read_receipts" doc:"tell senders when their messages are opened"`
	OpenOnArrival bool     `json:"open_on_arrival" doc:"the pages open what arrives while one is in the conversation; clients may do the same"`
	Undo          Duration `json:"undo" format:"duration" doc:"how long own messages are held before delivery, 0s to 2m" example:"10s"`
	// WhoCanMessage is who may write without being asked for (R31).
	WhoCanMessage string `json:"who_can_message" enum:"connections,connections_of_connections,anyone,nobody_new" doc:"with the first two, messages of others become requests; nobody_new refuses everybody without an existing conversation"`
	PreviewText   string `json:"preview_text" enum:"off,after_window,immediate" doc:"when one's own list may show the beginning of what is not opened: never, once it can't be recalled any more, or at once; the organisation and the sender can allow less"`
	PreviewOfMine string `json:"preview_of_mine" enum:"recipient_decides,hide" doc:"of one's own messages at others"`
}

// EditSettings changes one's own settings; what is left out stays.
type EditSettings struct {
	ReadReceipts  *bool     `json:"read_receipts,omitempty"`
	OpenOnArrival *bool     `json:"open_on_arrival,omitempty"`
	Undo          *Duration `json:"undo,omitempty" format:"duration" example:"10s"`
	WhoCanMessage *string   `json:"who_can_message,omitempty" enum:"connections,connections_of_connections,anyone,nobody_new"`
	PreviewText   *string   `json:"preview_text,omitempty" enum:"off,after_window,immediate"`
	PreviewOfMine *string   `json:"preview_of_mine,omitempty" enum:"recipient_decides,hide"`
}

// User is who somebody is.
type User struct {
	ID       string `json:"id" format:"uuid"`
	Name     string `json:"name"`
	Headline string `json:"headline"`
	Profile  bool   `json:"profile,omitempty" doc:"named by an imported archive, without account: cannot be written to"`
}

// Users is a page of people.
type Users struct {
	Items      []Person `json:"items"`
	NextCursor *string  `json:"next_cursor" doc:"null on the last page"`
}
