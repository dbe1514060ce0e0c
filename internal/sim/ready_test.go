package sim_test

// Check implements service.Keys: memory is always there.
func (*memoryKeys) Check() error { return nil }
