// Package bench measures a server under load, over HTTP as clients see it, and
// says on what machine and with which settings. It also sends files of real
// messages through a server and accounts for every one of them afterwards.
//
// It knows the server by its API only. What an operating system tells of a process
// (processor time, resident memory) it reads from /proc; elsewhere than on Linux
// these figures are missing, and said to be.
package bench
