package httpapi_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/sealpost/sealpost/internal/httpapi"
	"github.com/sealpost/sealpost/internal/sealpost"
	"github.com/sealpost/sealpost/internal/service"
)

// document is the part of the OpenAPI document that the tests read.
type document struct {
	OpenAPI string `json:"openapi"`
	Paths   map[string]map[string]struct {
		OperationID string `json:"operationId"`
		Summary     string `json:"summary"`
		Description string `json:"description"`
		Parameters  []struct {
			Name string `json:"name"`
			In   string `json:"in"`
		} `json:"parameters"`
		RequestBody *struct {
			Content map[string]struct {
				Schema  json.RawMessage            `json:"schema"`
				Example map[string]json.RawMessage `json:"example"`
			} `json:"content"`
		} `json:"requestBody"`
		Responses map[string]struct {
			Description string                     `json:"description"`
			Content     map[string]json.RawMessage `json:"content"`
		} `json:"responses"`
		Security []map[string][]string `json:"security"`
	} `json:"paths"`
	Components struct {
		Schemas map[string]schema `json:"schemas"`
	} `json:"components"`
}

type schema struct {
	Properties map[string]struct {
		Type any    `json:"type"`
		Ref  string `json:"$ref"`
	} `json:"properties"`
}

func (h *house) document() document {
	h.t.Helper()
	var d document
	a := h.do(request{method: "GET", path: "/api/v1/openapi.json"})
	if err := json.Unmarshal(a.body, &d); err != nil || a.status != 200 {
		h.t.Fatal(a.status, err)
	}
	return d
}

// target is the path of a route with ids that nobody has.
func target(r httpapi.Route) string {
	return strings.NewReplacer(
		"{id}", "018f3c1e-7b8a-7c00-8000-00000000dead", "{user_id}", "018f3c1e-7b8a-7c00-8000-00000000beef",
	).Replace(r.Pattern)
}

// example is a body that the route takes, from its documentation; {} where it
// takes none.
func (d document) example(r httpapi.Route) map[string]json.RawMessage {
	op := d.Paths[r.Pattern][strings.ToLower(r.Method)]
	if op.RequestBody == nil {
		return map[string]json.RawMessage{}
	}
	return op.RequestBody.Content["application/json"].Example
}

// Every mutating route refuses every body that is not exactly what it takes,
// repeats nothing of it, and changes nothing.
func TestEveryMutationIsStrict(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada := h.person("Ada", sealpost.RoleAdmin)
	doc := h.document()
	const canary = "canary-7f3a"
	before := h.decisions()
	cases := 0
	for _, r := range h.api.Routes() {
		if !r.Mutates {
			continue
		}
		example := doc.example(r)
		valid, err := json.Marshal(example)
		if err != nil {
			t.Fatal(err)
		}
		for name, c := range badBodies(example, string(valid), canary) {
			cases++
			a := h.do(request{method: r.Method, path: target(r), as: ada.token, body: c.body, headers: c.headers})
			p := a.problem(t)
			if p.Code != string(c.code) || c.field != "" && p.Field != c.field {
				t.Errorf("%s %s, %s: code %q field %q, want %q %q: %s", r.Method, r.Pattern, name, p.Code, p.Field, c.code, c.field, a.body)
			}
			if bytes.Contains(a.body, []byte(canary)) {
				t.Errorf("%s %s, %s: the answer repeats what was refused: %s", r.Method, r.Pattern, name, a.body)
			}
		}
	}
	if after := h.decisions(); after != before {
		t.Errorf("refused requests left %d entries in the audit log", after-before)
	}
	if strings.Contains(h.log.String(), canary) {
		t.Error("the log repeats what was refused")
	}
	if cases < 300 {
		t.Errorf("only %d cases were tried", cases)
	}
}

type badBody struct {
	body    string
	headers []string
	code    sealpost.Code
	field   string
}

// badBodies are the ways in which a body can be wrong, made from one that is right.
func badBodies(example map[string]json.RawMessage, valid, canary string) map[string]badBody {
	malformed, invalid := sealpost.CodeMalformed, sealpost.CodeInvalid
	media := sealpost.CodeUnsupportedMedia
	out := map[string]badBody{
		"no JSON":          {body: canary, code: malformed},
		"half of it":       {body: valid[:len(valid)-1], code: malformed},
		"trailing data":    {body: valid + `{}`, code: malformed},
		"a list":           {body: `["` + canary + `"]`, code: invalid},
		"a string":         {body: `"` + canary + `"`, code: invalid},
		"null":             {body: `null`, code: invalid},
		"unknown field":    {body: with(valid, `"unknown_field":"`+canary+`"`), code: invalid, field: "unknown_field"},
		"a text as a name": {body: with(valid, `"`+canary+` is here":1`), code: invalid},
		"escaped name":     {body: with(valid, `"\u0062ody_":1`), code: invalid},
		"BOM":              {body: "\xef\xbb\xbf" + valid, code: malformed},
		"no content type":  {body: valid, headers: []string{"Content-Type", "-"}, code: media},
		"text":             {body: valid, headers: []string{"Content-Type", "text/plain"}, code: media},
		"form":             {body: valid, headers: []string{"Content-Type", "application/x-www-form-urlencoded"}, code: media},
		"other charset":    {body: valid, headers: []string{"Content-Type", "application/json; charset=latin1"}, code: media},
		"merge patch":      {body: valid, headers: []string{"Content-Type", "application/merge-patch+json"}, code: media},
		"compressed":       {body: valid, headers: []string{"Content-Encoding", "gzip"}, code: media},
		"empty, as text":   {headers: []string{"Content-Type", "text/plain"}, code: media},
		"too large":        {body: valid[:1] + strings.Repeat(" ", 256<<10) + valid[1:], code: sealpost.CodeTooLarge},
	}
	for _, name := range slices.Sorted(maps.Keys(example)) {
		value := string(example[name])
		out["twice "+name] = badBody{body: with(valid, `"`+name+`":`+value), code: malformed, field: name}
		out["upper case "+name] = badBody{body: strings.Replace(valid, `"`+name+`"`, `"`+strings.ToUpper(name)+`"`, 1), code: invalid, field: strings.ToUpper(name)}
		out["both cases of "+name] = badBody{body: with(valid, `"`+strings.ToUpper(name[:1])+name[1:]+`":`+value), code: invalid}
		out["null for "+name] = badBody{body: strings.Replace(valid, `"`+name+`":`+value, `"`+name+`":null`, 1), code: invalid, field: name}
		out["object for "+name] = badBody{body: strings.Replace(valid, `"`+name+`":`+value, `"`+name+`":{"`+canary+`":1}`, 1), code: invalid}
		if value[0] != '"' {
			continue
		}
		set := func(text string) string { return strings.Replace(valid, `"`+name+`":`+value, `"`+name+`":`+text, 1) }
		out["number for "+name] = badBody{body: set(`1`), code: invalid, field: name}
		out["NUL in "+name] = badBody{body: set(`"` + canary + `\u0000"`), code: malformed, field: name}
		out["raw NUL in "+name] = badBody{body: set("\"" + canary + "\x00\""), code: malformed, field: name}
		out["bad UTF-8 in "+name] = badBody{body: set("\"" + canary + "\xff\""), code: malformed, field: name}
		out["half a surrogate in "+name] = badBody{body: set(`"` + canary + `\ud800"`), code: malformed, field: name}
		out["surrogates the wrong way in "+name] = badBody{body: set(`"` + canary + `\udc00\ud800"`), code: malformed, field: name}
		out["raw UTF-8 surrogate in "+name] = badBody{body: set("\"" + canary + "\xed\xa0\x80\""), code: malformed, field: name}
		out["overlong UTF-8 in "+name] = badBody{body: set("\"" + canary + "\xc0\xaf\""), code: malformed, field: name}
		out["very long "+name] = badBody{body: set(`"` + strings.Repeat(canary, 1500) + `"`), code: invalid, field: name}
		out["line break in "+name] = badBody{body: set("\"" + canary + "\n\""), code: malformed, field: name}
	}
	return out
}

// with adds a field to an object.
func with(object, field string) string {
	if object == "{}" {
		return "{" + field + "}"
	}
	return strings.TrimSuffix(object, "}") + "," + field + "}"
}

// decisions counts the entries of the audit log: everything that was decided.
func (h *house) decisions() int {
	h.t.Helper()
	all, err := h.store.AuditLog(h.t.Context(), service.AuditQuery{Limit: 100_000})
	if err != nil {
		h.t.Fatal(err)
	}
	return len(all)
}

func TestTwoIdempotencyKeys(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := h.refused(h.person("Ada"), "PATCH", "/me", "{}", sealpost.CodeInvalid, "Idempotency-Key", "a", "+Idempotency-Key", "b")
	if p.Field != "Idempotency-Key" {
		t.Errorf("field %q", p.Field)
	}
}

// A mutation without a body may leave the content type out or name JSON.
func TestEmptyBodies(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada := h.person("Ada")
	nothing := "/conversations/018f3c1e-7b8a-7c00-8000-00000000dead/unread"
	h.refused(ada, "PUT", nothing, "", sealpost.CodeNotFound)
	h.refused(ada, "PUT", nothing, "", sealpost.CodeNotFound, "Content-Type", "application/json")
	h.refused(ada, "PUT", nothing, "{}", sealpost.CodeNotFound, "Content-Type", "application/json; charset=UTF-8")
	h.refused(ada, "PUT", nothing, "  ", sealpost.CodeMalformed)
	h.refused(ada, "POST", "/conversations", "", sealpost.CodeMalformed, "Content-Type", "application/json")
}

func TestQueriesAreStrict(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada := h.person("Ada")
	for query, want := range map[string]struct {
		field string
		code  sealpost.Code
	}{
		"limit=0":                    {"limit", sealpost.CodeInvalid},
		"limit=201":                  {"limit", sealpost.CodeInvalid},
		"limit=-1":                   {"limit", sealpost.CodeInvalid},
		"limit=canary":               {"limit", sealpost.CodeInvalid},
		"limit=1.5":                  {"limit", sealpost.CodeInvalid},
		"limit=99999999999999999999": {"limit", sealpost.CodeInvalid},
		"limit=1&limit=2":            {"limit", sealpost.CodeInvalid},
		"Limit=1":                    {"Limit", sealpost.CodeInvalid},
		"include_deleted=1":          {"include_deleted", sealpost.CodeInvalid},
		"the+canary+is=1":            {"", sealpost.CodeInvalid},
		"cursor=canary":              {"cursor", sealpost.CodeInvalid},
		"cursor=%00canary":           {"cursor", sealpost.CodeMalformed},
		"cursor=%ffcanary":           {"cursor", sealpost.CodeMalformed},
		"filter=canary":              {"filter", sealpost.CodeInvalid},
		"cursor=%zz":                 {"", sealpost.CodeMalformed},
		"a;b=canary":                 {"", sealpost.CodeMalformed},
	} {
		a := h.do(request{method: "GET", path: "/api/v1/conversations?" + query, as: ada.token})
		if p := a.problem(t); p.Code != string(want.code) || p.Field != want.field {
			t.Errorf("?%s: code %q field %q, want %q %q: %s", query, p.Code, p.Field, want.code, want.field, a.body)
		}
		if bytes.Contains(a.body, []byte("canary")) {
			t.Errorf("?%s: the answer repeats the value: %s", query, a.body)
		}
	}
	long := h.do(request{method: "GET", path: "/api/v1/conversations?cursor=" + strings.Repeat("x", 5000), as: ada.token})
	if long.status != http.StatusNotFound {
		t.Errorf("a very long address: status %d", long.status)
	}
	if a := h.do(request{method: "GET", path: "/api/v1/conversations", as: ada.token, body: "{}"}); a.problem(t).Code != "malformed" {
		t.Errorf("a GET with a body: %s", a.body)
	}
}

func TestIDsInBodiesAreNamed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada, bob := h.person("Ada"), h.person("Bob")
	for field, body := range map[string]string{
		"participant_ids[1]": `{"participant_ids":["` + bob.id + `","x"]}`,
		"participant_ids[0]": `{"participant_ids":["` + strings.ToUpper(bob.id) + `"]}`,
		"participant_ids":    `{"participant_ids":[]}`,
	} {
		if p := h.refused(ada, "POST", "/conversations", body, sealpost.CodeInvalid); p.Field != field {
			t.Errorf("field %q, want %q", p.Field, field)
		}
	}
}

// A field that is there and empty is refused, by what it would have to have: an empty
// time would send at once.
func TestEmptyFields(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada, ben := h.person("Ada"), h.person("Ben")
	talk := h.direct(ada, ben)
	for _, c := range []struct{ path, body, field, detail string }{
		{"/conversations/" + talk + "/messages", `{"body":"x","send_at":""}`, "send_at", "must not be empty"},
		{"/conversations/" + talk + "/messages", `{"body":"x","time_zone":""}`, "time_zone", "must not be empty"},
		{"/forecast", `{"recipient_ids":["` + ben.id + `"],"send_at":""}`, "send_at", "must not be empty"},
		{"/drafts", `{"body":"x","send_at":""}`, "send_at", "must not be empty"},
		{"/accounts", `{"token":"spi_x","password":"seven c"}`, "password", "at least 8 characters"},
	} {
		if p := h.refused(ada, "POST", c.path, c.body, sealpost.CodeInvalid); p.Field != c.field || !strings.Contains(p.Detail, c.detail) {
			t.Errorf("%s %s: %+v", c.path, c.body, p)
		}
	}
}
