package httpapi

import (
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

const schemaPrefix = "#/components/schemas/"

// finishSchemas makes the document's types say what the wire does, where huma has
// it otherwise: lists are never null, a pointer to an object is null where there
// is none, and answers may get more fields.
func finishSchemas(doc *huma.OpenAPI) {
	registry := doc.Components.Schemas
	for _, name := range []string{"ErrorModel", "ErrorDetail"} {
		delete(registry.Map(), name) // what huma would answer; replaceErrors does
	}
	asked := map[string]bool{}
	for _, op := range operations(doc) {
		if op.RequestBody != nil {
			reach(registry, op.RequestBody.Content[jsonType].Schema, asked)
		}
	}
	for name, s := range registry.Map() {
		if !asked[name] {
			s.AdditionalProperties = nil
		}
		orNull := pointers(registry.TypeFromRef(schemaPrefix + name))
		for field, p := range s.Properties {
			switch {
			case p.Type == huma.TypeArray:
				p.Nullable = false
			case p.Ref != "" && orNull[field]:
				s.Properties[field] = &huma.Schema{
					Description: p.Description, AnyOf: []*huma.Schema{{Ref: p.Ref}, {Type: "null"}},
				}
			}
		}
	}
}

// reach notes the names of the types that a schema is made of.
func reach(r huma.Registry, s *huma.Schema, found map[string]bool) {
	if s == nil {
		return
	}
	if name, ok := strings.CutPrefix(s.Ref, schemaPrefix); ok && !found[name] {
		found[name] = true
		reach(r, r.SchemaFromRef(s.Ref), found)
	}
	reach(r, s.Items, found)
	for _, p := range s.Properties {
		reach(r, p, found)
	}
}

// pointers names the fields of a type that are null where there is nothing.
func pointers(t reflect.Type) map[string]bool {
	out := map[string]bool{}
	for _, f := range reflect.VisibleFields(t) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Type.Kind() == reflect.Pointer && !strings.Contains(options, "omit") {
			out[name] = true
		}
	}
	return out
}
