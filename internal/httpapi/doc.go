// Package httpapi is the HTTP API and the live events: decode, call the service,
// encode. It holds no rules of the product.
//
// Every operation goes the same way: headers, origin, route, authentication,
// presence (R24), the strict check of the body, the service, one table from codes
// to HTTP. The operations are registered with huma, which derives the OpenAPI
// document from their types; the check of bodies is ours (see shape), because
// nothing that was rejected may be repeated and nothing may slip past a limit.
package httpapi
