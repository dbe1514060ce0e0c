package authn

// Occupy takes every place to compute in, and gives them back when done is called.
func Occupy(p *Passwords) (done func()) { return fill(p.running) }

// Crowd takes every place to wait in.
func Crowd(p *Passwords) (done func()) { return fill(p.waiting) }

// Places counts what is taken.
func Places(p *Passwords) int { return len(p.running) + len(p.waiting) }

func fill(c chan struct{}) func() {
	for range cap(c) {
		c <- struct{}{}
	}
	return func() {
		for range cap(c) {
			<-c
		}
	}
}
