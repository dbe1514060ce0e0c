package httpapi

import (
	"encoding/json"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/sealpost/sealpost/api"
	"github.com/sealpost/sealpost/internal/sealpost"
)

// fault is what is wrong with a body: where, and which of the two kinds.
type fault struct {
	code   sealpost.Code // malformed: not the JSON it should be; invalid: a value that cannot be
	path   string
	detail string
}

func malformed(detail string) *fault { return &fault{code: sealpost.CodeMalformed, detail: detail} }
func invalid(detail string) *fault   { return &fault{code: sealpost.CodeInvalid, detail: detail} }

// in says that the fault is inside this field.
func (f *fault) in(name string) *fault {
	switch {
	case f.path == "":
		f.path = name
	case f.path[0] == '[':
		f.path = name + f.path
	default:
		f.path = name + "." + f.path
	}
	return f
}

func (f *fault) at(index int) *fault { return f.in("[" + strconv.Itoa(index) + "]") }

func (f *fault) problem() *sealpost.Error {
	return &sealpost.Error{Code: f.code, Field: f.path, Detail: f.detail}
}

// checkJSON reports what is wrong with a body of this shape, nil if nothing is. It
// reads every byte once and keeps nothing. What passes is strict JSON (RFC 8259):
// one value, valid UTF-8, no NUL and no half surrogate also where escaped, no
// field twice, none that is unknown, no other case of a name, every type and
// limit as the schema says.
func checkJSON(body []byte, s *shape) *fault {
	c := checker{data: body}
	if f := c.value(s); f != nil {
		return f
	}
	c.space()
	if c.i != len(c.data) {
		return malformed("There is something after the JSON value.")
	}
	return nil
}

type checker struct {
	data []byte
	i    int
}

func (c *checker) space() {
	for c.i < len(c.data) {
		switch c.data[c.i] {
		case ' ', '\t', '\n', '\r':
			c.i++
		default:
			return
		}
	}
}

// next skips space and gives the next byte without taking it; 0 at the end, which
// is no valid byte of JSON either.
func (c *checker) next() byte {
	c.space()
	if c.i >= len(c.data) {
		return 0
	}
	return c.data[c.i]
}

func (c *checker) take(b byte) bool {
	if c.next() != b {
		return false
	}
	c.i++
	return true
}

func (c *checker) word(w string) bool {
	if len(c.data)-c.i < len(w) || string(c.data[c.i:c.i+len(w)]) != w {
		return false
	}
	c.i += len(w)
	return true
}

func (c *checker) value(s *shape) *fault {
	b := c.next()
	switch {
	case b == '{' && s.kind == "object":
		return c.object(s)
	case b == '[' && s.kind == "array":
		return c.array(s)
	case b == '"' && s.kind == "string":
		return c.text(s)
	case (b == '-' || b >= '0' && b <= '9') && s.kind == "integer":
		return c.integer(s)
	case b == 't' && s.kind == "boolean" && c.word("true"), b == 'f' && s.kind == "boolean" && c.word("false"):
		return nil
	case b == 'n' && c.word("null"):
		if s.nullable {
			return nil
		}
		return invalid("This must not be null; leave it out instead.")
	}
	return c.mismatch(s, b)
}

// mismatch tells a value of another type from something that is no JSON.
func (c *checker) mismatch(s *shape, b byte) *fault {
	switch b {
	case '{', '[', '"', '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
	case 't', 'f':
		if !c.word("true") && !c.word("false") {
			return malformed("The body is not valid JSON.")
		}
	default:
		return malformed("The body is not valid JSON.")
	}
	article := "a "
	if s.kind != "string" && s.kind != "boolean" {
		article = "an "
	}
	return invalid("This must be " + article + s.kind + ".")
}

func (c *checker) object(s *shape) *fault {
	c.i++ // {
	var seen uint64
	for first := true; !c.take('}'); first = false {
		if !first && !c.take(',') {
			return malformed("The body is not valid JSON.")
		}
		n, f := c.name(s)
		if f != nil {
			return f
		}
		one := s.fields[n]
		if seen&(1<<n) != 0 {
			return malformed("This field is there twice.").in(one.name)
		}
		seen |= 1 << n
		if !c.take(':') {
			return malformed("The body is not valid JSON.").in(one.name)
		}
		if f := c.value(one.shape); f != nil {
			return f.in(one.name)
		}
	}
	for n, one := range s.fields {
		if missing := s.required &^ seen; missing&(1<<n) != 0 {
			return invalid("This field is required.").in(one.name)
		}
	}
	return nil
}

// name reads the name of a field and finds it in the shape. Names compare byte by
// byte; one with an escape in it is none of ours.
func (c *checker) name(s *shape) (int, *fault) {
	if c.next() != '"' {
		return 0, malformed("The body is not valid JSON.")
	}
	raw, _, _, f := c.quoted()
	if f != nil {
		return 0, f
	}
	n := slices.IndexFunc(s.fields, func(one field) bool { return one.name == string(raw) })
	if n >= 0 {
		return n, nil
	}
	f = invalid("There is no such field.")
	if plainName(raw) {
		f.path = string(raw)
	}
	return 0, f
}

// plainName reports whether a name that a client made up may be named in the
// answer: short and of plain letters, so that no text is carried back.
func plainName[T ~string | ~[]byte](name T) bool {
	if len(name) == 0 || len(name) > 40 {
		return false
	}
	for i := range len(name) {
		switch b := name[i]; {
		case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', b == '_':
		default:
			return false
		}
	}
	return true
}

func (c *checker) array(s *shape) *fault {
	c.i++ // [
	n := 0
	for ; !c.take(']'); n++ {
		if n > 0 && !c.take(',') {
			return malformed("The body is not valid JSON.")
		}
		if n == s.maxItems {
			return invalid("There may be at most " + strconv.Itoa(s.maxItems) + " items.")
		}
		if f := c.value(s.items); f != nil {
			return f.at(n)
		}
	}
	if n < s.minItems {
		return invalid("There must be at least " + strconv.Itoa(s.minItems) + ".")
	}
	return nil
}

func (c *checker) text(s *shape) *fault {
	raw, length, escaped, f := c.quoted()
	switch {
	case f != nil:
		return f
	case length == 0 && s.minLength > 0:
		return invalid("This must not be empty.")
	case length < s.minLength:
		return invalid("This must have at least " + strconv.Itoa(s.minLength) + " characters.")
	case length > s.maxLength:
		return invalid("This may have at most " + strconv.Itoa(s.maxLength) + " characters.")
	case s.enum == nil && s.format == "":
		return nil
	}
	text := string(raw)
	if escaped {
		// Rare: nothing with a format needs escapes.
		if err := json.Unmarshal(c.data[c.i-len(raw)-2:c.i], &text); err != nil {
			return malformed("The body is not valid JSON.")
		}
	}
	return checkFormat(s, text)
}

func checkFormat(s *shape, text string) *fault {
	switch {
	case s.enum != nil && !slices.Contains(s.enum, text):
		return invalid("This is not one of the values that it can have.")
	case s.format == "uuid":
		if _, err := sealpost.ParseMessage(text); err != nil {
			return invalid("This is not an id: expected a UUID in lower case.")
		}
	case s.format == "date-time":
		if err := new(api.Time).UnmarshalText([]byte(text)); err != nil {
			return invalid("This is not a time as in RFC 3339.")
		}
	case s.format == "duration":
		if err := new(api.Duration).UnmarshalText([]byte(text)); err != nil {
			return invalid("This is not a duration such as 90s, 5m or 1h30m.")
		}
	}
	return nil
}

// quoted reads a string and gives its raw inside and its length in code points.
func (c *checker) quoted() (raw []byte, length int, escaped bool, f *fault) {
	c.i++ // "
	start := c.i
	for c.i < len(c.data) {
		switch b := c.data[c.i]; {
		case b == '"':
			c.i++
			return c.data[start : c.i-1], length, escaped, nil
		case b == '\\':
			escaped = true
			if f := c.escape(); f != nil {
				return nil, 0, false, f
			}
		case b == 0:
			return nil, 0, false, malformed("Text must not contain NUL.")
		case b < ' ':
			return nil, 0, false, malformed("The body is not valid JSON.")
		case b < utf8.RuneSelf:
			c.i++
		default:
			r, size := utf8.DecodeRune(c.data[c.i:])
			if r == utf8.RuneError && size < 2 {
				return nil, 0, false, malformed("Text must be valid UTF-8.")
			}
			c.i += size
		}
		length++
	}
	return nil, 0, false, malformed("The body is not valid JSON.")
}

// escape reads one escape sequence; of a surrogate pair both.
func (c *checker) escape() *fault {
	if c.i+1 >= len(c.data) {
		return malformed("The body is not valid JSON.")
	}
	switch c.data[c.i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		c.i += 2
		return nil
	case 'u':
	default:
		return malformed("The body is not valid JSON.")
	}
	r, ok := c.hex()
	switch {
	case !ok:
		return malformed("The body is not valid JSON.")
	case r == 0:
		return malformed("Text must not contain NUL.")
	case r < 0xD800 || r > 0xDFFF:
		return nil
	case r > 0xDBFF:
		return malformed("Text must be valid UTF-16 where it is escaped.")
	}
	low, ok := c.hex()
	if !ok || low < 0xDC00 || low > 0xDFFF {
		return malformed("Text must be valid UTF-16 where it is escaped.")
	}
	return nil
}

// hex reads a backslash, a u and four digits.
func (c *checker) hex() (rune, bool) {
	if len(c.data)-c.i < 6 || c.data[c.i] != '\\' || c.data[c.i+1] != 'u' {
		return 0, false
	}
	var r rune
	for _, b := range c.data[c.i+2 : c.i+6] {
		switch {
		case '0' <= b && b <= '9':
			r = r<<4 | rune(b-'0')
		case 'a' <= b && b <= 'f':
			r = r<<4 | rune(b-'a'+10)
		case 'A' <= b && b <= 'F':
			r = r<<4 | rune(b-'A'+10)
		default:
			return 0, false
		}
	}
	c.i += 6
	return r, true
}

func (c *checker) integer(s *shape) *fault {
	start := c.i
	for c.i < len(c.data) {
		switch b := c.data[c.i]; {
		case b >= '0' && b <= '9', b == '-', b == '+', b == '.', b == 'e', b == 'E':
			c.i++
			continue
		}
		break
	}
	raw := c.data[start:c.i]
	if !json.Valid(raw) {
		return malformed("The body is not valid JSON.")
	}
	n, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil {
		return invalid("This must be an integer.")
	}
	if n < s.minimum || n > s.maximum {
		return invalid("This must be from " + strconv.FormatInt(s.minimum, 10) + " to " + strconv.FormatInt(s.maximum, 10) + ".")
	}
	return nil
}
