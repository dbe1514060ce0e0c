package api

// Foresee asks what will hold for a message that is not sent yet.
type Foresee struct {
	RecipientIDs []string  `json:"recipient_ids" minItems:"1" maxItems:"49" format:"uuid"`
	Kind         string    `json:"kind,omitempty" enum:"message,required_notice" doc:"default message"`
	SMSTo        []string  `json:"sms_to,omitempty" format:"uuid" maxItems:"50" doc:"also by SMS to these people; needs an SMS gateway"`
	SendAt       SendTime  `json:"send_at,omitempty" minLength:"1" maxLength:"40" doc:"as when sending; default: now" example:"2026-11-24T09:00"`
	TimeZone     string    `json:"time_zone,omitempty" minLength:"1" maxLength:"64" doc:"IANA name of the zone in which send_at is meant; default: the sender's" example:"Europe/Zurich"`
	HidePreview  bool      `json:"hide_preview,omitempty" doc:"as when sending"`
	Undo         *Duration `json:"undo,omitempty" format:"duration" doc:"as when sending; default: the sender's setting" example:"10s"`
}

// Outlook is what will hold for a message under the policy in force. It does not say
// whether the message can be delivered, and of people whom one is not connected with it
// tells the same of all.
type Outlook struct {
	DeliveredAt Time               `json:"delivered_at" format:"date-time" doc:"if it is sent at once"`
	Window      Duration           `json:"window" format:"duration" doc:"how long it can be recalled" example:"5m"`
	Recallable  bool               `json:"recallable"`
	Code        *string            `json:"code" doc:"why not; null if it will be recallable"`
	Recipients  []RecipientOutlook `json:"recipients"`
}

// RecipientOutlook is what will hold for one recipient.
type RecipientOutlook struct {
	UserID          string  `json:"user_id" format:"uuid"`
	RecallableUntil *Time   `json:"recallable_until" format:"date-time" doc:"while it is unopened; null: not at all"`
	Preview         *string `json:"preview" enum:"off,after_window,immediate" doc:"when they may be shown its beginning before they open it, as everybody's settings are now; immediate: no recall takes that back. null: not told of people whom one is not connected with"`
}

// PreviewMessage asks how a message will look to whoever receives it.
type PreviewMessage struct {
	Body string `json:"body" minLength:"1" maxLength:"10000" doc:"plain text, 1 to 10000 characters" example:"See you at ten."`
	Kind string `json:"kind,omitempty" enum:"message,required_notice" doc:"default message"`
}

// Preview is a message that is not sent, as its recipient will have it.
type Preview struct {
	BeforeOpening PreviewedMessage `json:"before_opening" doc:"the envelope: all that may be known of it"`
	AfterOpening  PreviewedMessage `json:"after_opening"`
}

// PreviewedMessage is one of these looks.
type PreviewedMessage struct {
	Sender          User     `json:"sender"`
	Kind            string   `json:"kind" enum:"message,required_notice"`
	State           string   `json:"state" enum:"sent"`
	Delivery        string   `json:"delivery" enum:"sealed,opened"`
	SentAt          *Time    `json:"sent_at" format:"date-time" doc:"as if it were delivered now"`
	RecallableUntil *Time    `json:"recallable_until" format:"date-time"`
	Content         *Content `json:"content,omitempty" doc:"what the recipient has then"`
}
