package webui

import (
	"github.com/sealpost/sealpost/internal/service"
)

// connectionsView is the viewer's connections.
type connectionsView struct {
	order  service.Order
	cursor string
	items  []service.Contact
	next   string
}

func (v connectionsView) address() string {
	return pageAddress("/network/connections", "sort", string(v.order), "cursor", v.cursor)
}

func (v connectionsView) more() string {
	return pageAddress("/network/connections", "sort", string(v.order), "cursor", v.next)
}

func (s *Server) connections(q *request) error {
	v := connectionsView{order: service.Order(q.query("sort")), cursor: q.query("cursor")}
	if v.order == "" {
		v.order = service.OrderName
	}
	var err error
	if v.items, v.next, err = s.service.Connections(q.ctx, q.principal, v.order, v.cursor, peoplePage); err != nil {
		return err
	}
	return q.page(page{title: T(q.ctx, "Connections"), body: connectionsBody(v), at: atConnections})
}
