// Package browser is test support: it drives the pages in a real browser, as people
// use them. Its tests run the whole server in this process, with a decision clock
// that can be moved, and Chromium beside it: a desk (1280 × 800) and a phone
// (390 × 844, with touch), each person in a profile of their own.
//
// Whatever a test does, it fails when a page breaks its Content-Security-Policy,
// writes an error to the console, or lets an exception through.
package browser
