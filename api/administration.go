package api

// Account is somebody's account, as administrators see it.
type Account struct {
	ID          string   `json:"id" format:"uuid"`
	Email       string   `json:"email" doc:"empty: nobody has claimed it yet"`
	Name        string   `json:"name"`
	Roles       []string `json:"roles" enum:"member,notices,moderator,compliance,admin"`
	HasPassword bool     `json:"has_password"`
	Profile     bool     `json:"profile,omitempty" doc:"named by an imported archive, without account yet; an invitation link with this user_id makes it one"`
	CreatedAt   Time     `json:"created_at" format:"date-time"`
	DisabledAt  *Time    `json:"disabled_at" format:"date-time" doc:"null: it is open"`
}

// Accounts is a page of accounts.
type Accounts struct {
	Items      []Account `json:"items"`
	NextCursor *string   `json:"next_cursor" doc:"null on the last page"`
}

// CreateUser makes an account.
type CreateUser struct {
	Email    string   `json:"email" minLength:"1" maxLength:"254" example:"ada@example.org"`
	Name     string   `json:"name" minLength:"1" maxLength:"100" example:"Ada Lovelace"`
	Roles    []string `json:"roles,omitempty" maxItems:"20" enum:"member,notices,moderator,compliance,admin"`
	Password string   `json:"password,omitempty" minLength:"8" maxLength:"1024" doc:"default: none; the account is claimed by an invitation link"`
	TimeZone string   `json:"time_zone,omitempty" maxLength:"64" doc:"IANA name; default: UTC"`
}

// EditUser changes somebody's account; what is left out stays.
type EditUser struct {
	Roles    *[]string `json:"roles,omitempty" maxItems:"20" enum:"member,notices,moderator,compliance,admin" doc:"all of them"`
	Disabled *bool     `json:"disabled,omitempty" doc:"a disabled account has no sign-ins and no tokens"`
	Name     *string   `json:"name,omitempty" minLength:"1" maxLength:"100"`
	Email    *string   `json:"email,omitempty" minLength:"1" maxLength:"254"`
	Reason   string    `json:"reason" minLength:"1" maxLength:"500" doc:"why; kept in the audit log"`
}

// EraseUser erases somebody's account for good.
type EraseUser struct {
	Reason string `json:"reason" minLength:"1" maxLength:"500" doc:"why; kept in the audit log"`
}

// CreateInvite makes an invitation link.
type CreateInvite struct {
	Email     string    `json:"email,omitempty" maxLength:"254" doc:"of the new account; default: whoever uses the link says it"`
	Name      string    `json:"name,omitempty" maxLength:"100" doc:"of the new account; default: whoever uses the link says it"`
	Roles     []string  `json:"roles,omitempty" maxItems:"20" enum:"member,notices,moderator,compliance,admin" doc:"of the new account"`
	ExpiresIn *Duration `json:"expires_in,omitempty" format:"duration" doc:"1h to 720h, which is 30 days; default: 168h, which is 7 days" example:"168h"`
	UserID    string    `json:"user_id,omitempty" format:"uuid" doc:"sets a new password for this account instead of making one; makes an account of a profile that an import brought"`
}

// Invite is an invitation link without its secret.
type Invite struct {
	ID        string   `json:"id" format:"uuid"`
	Email     string   `json:"email"`
	Name      string   `json:"name"`
	Roles     []string `json:"roles"`
	UserID    *string  `json:"user_id" format:"uuid" doc:"the account whose password it sets; null: it makes one"`
	CreatedBy *string  `json:"created_by" format:"uuid" doc:"null: the server"`
	CreatedAt Time     `json:"created_at" format:"date-time"`
	ExpiresAt Time     `json:"expires_at" format:"date-time"`
}

// NewInvite is an invitation link with its secret, which is shown once.
type NewInvite struct {
	ID        string `json:"id" format:"uuid"`
	Token     string `json:"token" doc:"the secret of the link; shown once"`
	ExpiresAt Time   `json:"expires_at" format:"date-time"`
}

// Invites is a page of invitation links that can still be used, newest first.
type Invites struct {
	Items      []Invite `json:"items"`
	NextCursor *string  `json:"next_cursor" doc:"null on the last page"`
}

// Join uses an invitation link.
type Join struct {
	Token    string `json:"token" minLength:"1" maxLength:"100" doc:"the secret of the link"`
	Email    string `json:"email,omitempty" maxLength:"254" doc:"needed unless the link has one"`
	Name     string `json:"name,omitempty" maxLength:"100" doc:"needed unless the link or the account has one"`
	Password string `json:"password" minLength:"8" maxLength:"1024"`
	TimeZone string `json:"time_zone,omitempty" maxLength:"64" doc:"IANA name; default: UTC"`
}
