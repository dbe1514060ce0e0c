package importer

import (
	"bufio"
	"errors"
	"io"
)

// rows reads comma-separated values (RFC 4180) as they come: LF, CRLF or CR ends a
// line, quotes may stand where they should not, NUL bytes are passed over. A record
// is bounded: what is longer is read to its end and not kept, so that no file can
// make the reader hold more than one record of maxRecord bytes.
type rows struct {
	in     *bufio.Reader
	line   int // of the next byte, from 1
	data   []byte
	ends   []int // where each field ends in data
	peeked int   // a byte that was read ahead, or -1
	max    int
}

// record is one line of a file, which may run over several.
type record struct {
	line   int  // where it begins
	over   bool // longer than allowed; there are no fields
	rows   *rows
	fields int
}

const (
	maxRecord = 1 << 20 // bytes of one record, quotes not counted
	maxFields = 256     // what follows is not kept
)

func newRows(in io.Reader) *rows {
	return &rows{in: bufio.NewReaderSize(in, 64<<10), line: 1, peeked: -1, max: maxRecord}
}

// field gives a field; empty if the record has none there. It is valid until the
// next record is read.
func (r record) field(i int) []byte {
	if i < 0 || i >= r.fields {
		return nil
	}
	begin := 0
	if i > 0 {
		begin = r.rows.ends[i-1]
	}
	return r.rows.data[begin:r.rows.ends[i]]
}

// read gives the next byte with every end of line as '\n', and never a NUL.
func (c *rows) read() (byte, error) {
	for {
		var b byte
		if c.peeked >= 0 {
			b, c.peeked = byte(c.peeked), -1
		} else {
			var err error
			if b, err = c.in.ReadByte(); err != nil {
				return 0, err
			}
		}
		switch b {
		case 0:
			continue
		case '\r':
			next, err := c.in.ReadByte()
			if err == nil && next != '\n' {
				c.peeked = int(next)
			} else if err != nil && err != io.EOF {
				return 0, err
			}
			b = '\n'
		}
		if b == '\n' {
			c.line++
		}
		return b, nil
	}
}

// next reads a record; io.EOF when there is none. An empty line is no record.
func (c *rows) next() (record, error) {
	for {
		out, err := c.nextLine()
		if err != nil || out.over || out.fields > 1 || len(c.data) > 0 {
			return out, err
		}
	}
}

func (c *rows) nextLine() (record, error) {
	c.data, c.ends = c.data[:0], c.ends[:0]
	out := record{line: c.line, rows: c}
	quoted, begun, any := false, false, false // inside quotes; the field has a byte; the record has one
	for {
		b, err := c.read()
		if err != nil {
			if errors.Is(err, io.EOF) && any {
				return c.finish(out), nil
			}
			return out, err
		}
		any = true
		switch {
		case quoted && b == '"':
			if quoted, b, err = c.afterQuote(); err != nil {
				return c.finish(out), nil
			}
			if !quoted { // b ended the field
				begun = false
				if c.endField(); b == '\n' {
					return c.finishAt(out), nil
				}
				continue
			}
			out.over = !c.keep(b) || out.over
		case quoted:
			out.over = !c.keep(b) || out.over
		case b == '"' && !begun:
			quoted, begun = true, true
		case b == ',':
			c.endField()
			begun = false
		case b == '\n':
			return c.finish(out), nil
		default:
			begun = true
			out.over = !c.keep(b) || out.over
		}
	}
}

// afterQuote looks behind a quote inside quotes: another one is a quote of the text,
// a comma or the end of the line ends the field, and anything else means that the
// quote was one of the text after all, and is kept with it.
func (c *rows) afterQuote() (quoted bool, b byte, err error) {
	b, err = c.read()
	switch {
	case err != nil:
		return false, 0, err
	case b == '"':
		return true, '"', nil
	case b == ',' || b == '\n':
		return false, b, nil
	}
	c.keep('"')
	return true, b, nil
}

// keep reports whether there was room.
func (c *rows) keep(b byte) bool {
	if len(c.data) >= c.max {
		return false
	}
	c.data = append(c.data, b)
	return true
}

func (c *rows) endField() {
	if len(c.ends) < maxFields {
		c.ends = append(c.ends, len(c.data))
	}
}

func (c *rows) finish(r record) record {
	c.endField()
	return c.finishAt(r)
}

func (c *rows) finishAt(r record) record {
	if r.fields = len(c.ends); r.over {
		r.fields = 0
	}
	return r
}
