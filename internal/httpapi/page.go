package httpapi

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

//go:embed page.html
var pageTemplate string

//go:embed page.css
var pageStyle string

// page is the readable form of the document: one HTML page without scripts and
// without anything from elsewhere.
type page struct {
	html   []byte
	policy string // Content-Security-Policy: nothing but this style
}

// pageData is what the template shows.
type pageData struct {
	Title, Version, Description string
	Style                       template.CSS
	Groups                      []pageGroup
	Types                       []pageType
}

type pageGroup struct {
	Name, Anchor string
	Operations   []pageOperation
}

type pageOperation struct {
	ID, Method, Path, Summary, Description string
	SignIn                                 bool
	Parameters                             []pageField
	Request                                string // name of a type
	Example                                string
	Answers                                []pageAnswer
}

type pageAnswer struct {
	Status, Description, Type string
}

type pageType struct {
	Name   string
	Fields []pageField
}

type pageField struct {
	Name, Kind, Type, Description string
	Required                      bool
}

func newPage(doc *huma.OpenAPI) (page, error) {
	t, err := template.New("page").Parse(pageTemplate)
	if err != nil {
		return page{}, err
	}
	data := pageData{
		Title: doc.Info.Title, Version: doc.Info.Version, Description: doc.Info.Description,
		Style: template.CSS(pageStyle), // ours, embedded
	}
	for _, op := range operations(doc) {
		tag := op.Tags[0]
		at := slices.IndexFunc(data.Groups, func(g pageGroup) bool { return g.Name == tag })
		if at < 0 {
			at = len(data.Groups)
			data.Groups = append(data.Groups, pageGroup{Name: tag, Anchor: strings.ReplaceAll(tag, " ", "-")})
		}
		one, err := describe(op)
		if err != nil {
			return page{}, err
		}
		data.Groups[at].Operations = append(data.Groups[at].Operations, one)
	}
	schemas := doc.Components.Schemas.Map()
	for _, name := range slices.Sorted(maps.Keys(schemas)) {
		data.Types = append(data.Types, pageType{Name: name, Fields: fieldsOf(schemas[name])})
	}
	var b bytes.Buffer
	if err := t.Execute(&b, data); err != nil {
		return page{}, err
	}
	hash := sha256.Sum256([]byte(pageStyle))
	return page{
		html: b.Bytes(),
		policy: "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(hash[:]) +
			"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
	}, nil
}

func describe(op *huma.Operation) (pageOperation, error) {
	out := pageOperation{
		ID: op.OperationID, Method: op.Method, Path: op.Path, Summary: op.Summary, Description: op.Description, SignIn: len(op.Security) > 0,
	}
	for _, p := range op.Parameters {
		kind, link := kindOf(p.Schema)
		out.Parameters = append(out.Parameters, pageField{
			Name: p.Name, Kind: p.In + ", " + kind, Type: link, Description: p.Description, Required: p.Required,
		})
	}
	if op.RequestBody != nil {
		media := op.RequestBody.Content[jsonType]
		_, out.Request = kindOf(media.Schema)
		if media.Example != nil {
			text, err := json.MarshalIndent(media.Example, "", "  ")
			if err != nil {
				return out, err
			}
			out.Example = string(text)
		}
	}
	for _, status := range slices.Sorted(maps.Keys(op.Responses)) {
		r := op.Responses[status]
		answer := pageAnswer{Status: status, Description: r.Description}
		for _, media := range r.Content {
			_, answer.Type = kindOf(media.Schema)
		}
		out.Answers = append(out.Answers, answer)
	}
	return out, nil
}

func fieldsOf(s *huma.Schema) []pageField {
	var out []pageField
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		p := s.Properties[name]
		kind, link := kindOf(p)
		out = append(out, pageField{
			Name: name, Kind: kind, Type: link, Description: p.Description, Required: slices.Contains(s.Required, name),
		})
	}
	return out
}

// kindOf says in words what a schema is, and names the type if it is one of ours.
func kindOf(s *huma.Schema) (kind, link string) {
	if s == nil {
		return "", ""
	}
	if s.Ref != "" {
		_, name, _ := strings.Cut(s.Ref, schemaPrefix)
		return "", name
	}
	kind = s.Type
	switch {
	case len(s.AnyOf) > 0: // an object or null: see finishSchemas
		_, link = kindOf(s.AnyOf[0])
		return "null or", link
	case s.Type == huma.TypeArray:
		inner, link := kindOf(s.Items)
		return strings.TrimSpace("list of " + inner), link
	case len(s.Enum) > 0:
		words := make([]string, 0, len(s.Enum))
		for _, e := range s.Enum {
			if text, ok := e.(string); ok {
				words = append(words, text)
			}
		}
		kind = strings.Join(words, " | ")
	case s.Format != "" && s.Type == huma.TypeString:
		kind = s.Format
	case s.MaxLength != nil:
		kind += ", at most " + strconv.Itoa(*s.MaxLength) + " characters"
	}
	if s.Minimum != nil && s.Maximum != nil {
		kind += " from " + strconv.FormatFloat(*s.Minimum, 'f', -1, 64) + " to " + strconv.FormatFloat(*s.Maximum, 'f', -1, 64)
	}
	if s.Nullable {
		kind += " or null"
	}
	return kind, ""
}
