package client

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/sealpost/sealpost/api"
)

// maxExportLine is above the longest line: a message of 10,000 characters, each
// escaped, with everything around it.
const maxExportLine = 1 << 20

// Export writes everything of one's own to w, one JSON document a line
// (api.ExportLine), as it arrives: nothing of it is kept. It is not bounded by
// WithTimeout and never repeated. An export that was cut off is an error, after
// what there was of it was written.
func (c *Client) Export(ctx context.Context, w io.Writer) (api.ExportEnd, error) {
	answer, err := c.http.Do(c.request(ctx, &call{method: http.MethodGet, path: "/me/export"}))
	if err != nil {
		return api.ExportEnd{}, lost(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return api.ExportEnd{}, readProblem(answer)
	}
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(make([]byte, 64<<10), maxExportLine)
	var last []byte
	for lines.Scan() {
		last = append(last[:0], lines.Bytes()...)
		if _, err := w.Write(append(lines.Bytes(), '\n')); err != nil {
			return api.ExportEnd{}, err
		}
	}
	if err := lines.Err(); err != nil {
		return api.ExportEnd{}, lost(err)
	}
	var end api.ExportLine
	if json.Unmarshal(last, &end) != nil || end.Kind != api.ExportKindEnd || end.End == nil {
		return api.ExportEnd{}, lost(errors.New("the export was cut off"))
	}
	return *end.End, nil
}
