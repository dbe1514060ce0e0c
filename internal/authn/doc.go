// Package authn checks who somebody is. So far that is passwords, with argon2id
// (RFC 9106); sessions and tokens are stored by the use cases.
package authn
