package webui

func (s *Server) registerNetwork() {
	s.get("/network", Member, s.networkPage)
}

// networkPage has the links of the menu My Network, for browsers without popovers.
func (s *Server) networkPage(q *request) error {
	return q.page(page{title: T(q.ctx, "My Network"), body: networkBody()})
}
