package httpapi

import (
	"fmt"
	"maps"
	"slices"

	"github.com/danielgtaylor/huma/v2"
)

// shape is what a value in a request may be. It is made from the schema that the
// OpenAPI document shows, so that what is documented is what is checked.
type shape struct {
	kind     string // "object", "array", "string", "integer" or "boolean"
	nullable bool

	fields   []field // of an object, at most maxFields
	required uint64  // the bits of the fields that must be there

	items              *shape // of an array
	minItems, maxItems int

	minLength, maxLength int // of a string, in code points
	format               string
	enum                 []string

	minimum, maximum int64
}

type field struct {
	name  string
	shape *shape
}

const (
	// maxFields is how many fields an object may have: one bit each.
	maxFields = 64
	// noLimit stands for "the size of the body is the limit".
	noLimit = int(^uint(0) >> 1)
)

// shapeOf compiles a schema. It refuses what it cannot check.
func shapeOf(r huma.Registry, s *huma.Schema) (*shape, error) {
	nullable := s.Nullable
	for s.Ref != "" {
		s = r.SchemaFromRef(s.Ref)
		nullable = nullable || s.Nullable
	}
	out := &shape{
		kind: s.Type, nullable: nullable, format: s.Format,
		minItems: orZero(s.MinItems), maxItems: orNoLimit(s.MaxItems),
		minLength: orZero(s.MinLength), maxLength: orNoLimit(s.MaxLength),
		minimum: -1 << 62, maximum: 1 << 62,
	}
	if s.Minimum != nil {
		out.minimum = int64(*s.Minimum)
	}
	if s.Maximum != nil {
		out.maximum = int64(*s.Maximum)
	}
	for _, v := range s.Enum {
		out.enum = append(out.enum, fmt.Sprint(v))
	}
	switch s.Type {
	case huma.TypeString, huma.TypeInteger, huma.TypeBoolean:
		return out, nil
	case huma.TypeArray:
		out.nullable = false // huma thinks otherwise of every list
		items, err := shapeOf(r, s.Items)
		out.items = items
		return out, err
	case huma.TypeObject:
		return out, out.addFields(r, s)
	}
	return nil, fmt.Errorf("httpapi: a request cannot hold the type %q", s.Type)
}

func (o *shape) addFields(r huma.Registry, s *huma.Schema) error {
	if len(s.Properties) > maxFields {
		return fmt.Errorf("httpapi: an object has more than %d fields", maxFields)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		sub, err := shapeOf(r, s.Properties[name])
		if err != nil {
			return fmt.Errorf("%w in %s", err, name)
		}
		if slices.Contains(s.Required, name) {
			o.required |= 1 << len(o.fields)
		}
		o.fields = append(o.fields, field{name, sub})
	}
	return nil
}

func orZero(n *int) int {
	if n == nil {
		return 0
	}
	return *n
}

func orNoLimit(n *int) int {
	if n == nil {
		return noLimit
	}
	return *n
}
