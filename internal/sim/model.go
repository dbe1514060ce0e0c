package sim

import (
	"fmt"
	"math/bits"

	"github.com/anishathalye/porcupine"
)

// Op is what a client asked of a message.
type Op int8

// The operations on one message.
const (
	Open       Op = iota + 1 // by a recipient, on any of their devices (R5)
	Recall                   // by the sender (R8)
	Peek                     // a recipient reads the message; that opens nothing (R4)
	SenderPeek               // the sender reads it, with the deliveries
)

// Answer is what the client was told.
type Answer int8

// The answers. Each belongs to the operations that its comment names.
const (
	Unknown  Answer = iota // any: no answer, or "unavailable" (R11)
	Content                // Open, Peek: the text
	Nothing                // Open: there was nothing sealed left to open
	Envelope               // Peek: sealed
	Marker                 // Peek: the line where a recalled message was (R17)
	Absent                 // Open, Peek: there is no such message
	Recalled               // Recall: granted, for the recipients in Output.Recalled
	Refused                // Recall: refused as opened (R8)
	State                  // SenderPeek: opened and recalled as in Output
)

// Set is a set of recipients of one message, by their index.
type Set uint8

// MaxRecipients is how many recipients the model can tell apart.
const MaxRecipients = 8

// Has reports whether a recipient is in the set.
func (s Set) Has(recipient int) bool { return s&(1<<recipient) != 0 }

// With is the set with a recipient.
func (s Set) With(recipient int) Set { return s | 1<<recipient }

// Len counts the recipients.
func (s Set) Len() int { return bits.OnesCount8(uint8(s)) }

// Input is an operation; Recipient is whose, for Open and Peek.
type Input struct {
	Op        Op
	Recipient int
}

// Output is an answer. Marked are the recipients in Recalled who see a marker.
type Output struct {
	Answer                   Answer
	Opened, Recalled, Marked Set
}

// Rules are what the model depends on besides the operations.
type Rules struct {
	Recipients   int  // 1 to MaxRecipients
	AllOrNothing bool // R15: any opening refuses a recall
}

// fate is the state of one message in the model.
type fate struct {
	opened, recalled Set
	decided          bool // a recall was granted
	marked           Set  // who of recalled sees a marker
	known            Set  // for whom of recalled that is known
}

func (r Rules) everybody() Set { return Set(1<<r.Recipients - 1) }

// Model is the message as a sequential thing (R7): porcupine searches for an order
// of the operations, each at a moment between its call and its return, in which
// every answer is the model's. An unknown outcome takes effect at any moment after
// the call, or never: the recorder lets it return after everything else.
func (r Rules) Model() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return fate{} },
		Step: func(state, input, output any) (bool, any) {
			return r.step(state.(fate), input.(Input), output.(Output))
		},
		DescribeOperation: func(input, output any) string { return Describe(input.(Input), output.(Output)) },
	}
}

func (r Rules) step(f fate, in Input, out Output) (bool, any) {
	switch in.Op {
	case Open:
		return r.open(f, in.Recipient, out)
	case Recall:
		return r.recall(f, out)
	case Peek:
		return r.peek(f, in.Recipient, out)
	case SenderPeek:
		ok := out.Answer == Unknown || out.Answer == State && out.Opened == f.opened && out.Recalled == f.recalled
		return ok, f
	}
	return false, f
}

func (r Rules) open(f fate, who int, out Output) (bool, any) {
	sealed := !f.opened.Has(who) && !f.recalled.Has(who)
	before := f
	if sealed {
		f.opened = f.opened.With(who)
	}
	switch out.Answer {
	case Unknown:
		return true, f
	case Content:
		return sealed, f
	case Nothing:
		if before.opened.Has(who) {
			return true, f
		}
		return f.learn(Set(0).With(who), Set(0).With(who))
	case Absent:
		return f.learn(Set(0).With(who), 0)
	}
	return false, f
}

func (r Rules) recall(f fate, out Output) (bool, any) {
	before := f
	refused := f.opened == r.everybody() || r.AllOrNothing && f.opened != 0
	if !f.decided && !refused {
		f.decided, f.recalled = true, r.everybody()&^f.opened
	}
	switch out.Answer {
	case Unknown:
		return true, f
	case Refused:
		return !before.decided && refused, f
	case Recalled: // the first, or the first one's report again (R9)
		if !f.decided || out.Recalled != f.recalled {
			return false, f
		}
		return f.learn(f.recalled, out.Marked)
	}
	return false, f
}

func (r Rules) peek(f fate, who int, out Output) (bool, any) {
	one := Set(0).With(who)
	switch out.Answer {
	case Unknown:
		return true, f
	case Envelope:
		return !f.opened.Has(who) && !f.recalled.Has(who), f
	case Content:
		return f.opened.Has(who), f
	case Marker:
		return f.learn(one, one)
	case Absent:
		return f.learn(one, 0)
	}
	return false, f
}

// learn notes which of these recipients see a marker. That was fixed by the recall
// and never changes (R17); somebody it was not recalled from sees none.
func (f fate) learn(of, marked Set) (bool, any) {
	if of&^f.recalled != 0 || (f.marked^marked)&of&f.known != 0 {
		return false, f
	}
	f.known |= of
	f.marked = f.marked&^of | marked&of
	return true, f
}

func (o Op) String() string {
	return [...]string{"", "open", "recall", "peek", "sender's peek"}[o]
}

func (a Answer) String() string {
	return [...]string{"unknown", "content", "nothing left", "envelope", "marker", "absent", "recalled", "refused as opened", "state"}[a]
}

// Describe is an operation and its answer for a person.
func Describe(in Input, out Output) string {
	text := in.Op.String()
	if in.Op == Open || in.Op == Peek {
		text += fmt.Sprintf(" by recipient %d", in.Recipient)
	}
	text += " → " + out.Answer.String()
	if out.Answer == Recalled || out.Answer == State {
		text += fmt.Sprintf(" (opened %b, recalled %b, marked %b)", out.Opened, out.Recalled, out.Marked)
	}
	return text
}
