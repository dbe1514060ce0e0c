package importer

import (
	"context"
	"strings"

	"github.com/sealpost/sealpost/internal/sealpost"
)

// The columns of Connections.csv. The address for letters is not read: it would make
// an account of whoever it belongs to the account of whoever the archive says.
const (
	conFirst = iota
	conLast
	conURL
	conCompany
	conPosition
	conSince
	conCount
)

// connectionNames is the table of what they are called.
var connectionNames = [conCount]string{"first name", "last name", "url", "company", "position", "connected on"}

const maxConnections = 100_000

// contact is a connection while the archive is read.
type contact struct {
	person uint32
	since  sealpost.Instant
	line   int
	about  string
}

func (a *Archive) scanConnections(ctx context.Context) error {
	if a.connections == "" {
		return nil
	}
	var columns [conCount]int
	return a.each(ctx, a.connections, func(r record) bool { return header(r, connectionNames[:], columns[:]) }, func(r record) error {
		field := func(c int) string { return text(r.field(columns[c])) }
		name := oneLine(field(conFirst)+" "+field(conLast), maxName)
		address := Address(field(conURL))
		switch {
		case r.over:
			a.skip(RowTooLong, a.connections, r.line)
			return nil
		case address == "": // somebody who closed their account there
			a.skip(NoPerson, a.connections, r.line)
			return nil
		case len(a.contacts) >= maxConnections:
			return errEnough
		}
		p, err := a.person(address, name, "", 2)
		if err != nil {
			return err
		}
		since, _ := instant(field(conSince), dayLayouts, a.now)
		a.contacts = append(a.contacts, contact{person: p, since: since, line: r.line, about: headline(field(conPosition), field(conCompany))})
		return nil
	}, nil)
}

// headline is what somebody does and where.
func headline(position, company string) string {
	position, company = strings.TrimSpace(position), strings.TrimSpace(company)
	if position != "" && company != "" {
		position += ", "
	}
	return oneLine(position+company, maxHeadline)
}

// scanProfile reads the owner's name, which helps to tell who it is.
func (a *Archive) scanProfile(ctx context.Context) error {
	if a.profile == "" {
		return nil
	}
	names, columns := []string{"first name", "last name"}, []int{0, 0}
	err := a.each(ctx, a.profile, func(r record) bool { return header(r, names, columns) }, func(r record) error {
		a.ownName = oneLine(text(r.field(columns[0]))+" "+text(r.field(columns[1])), maxName)
		return errEnough
	}, nil)
	if ctx.Err() == nil {
		return nil // it only helps
	}
	return err
}
