package sqlstore

import (
	"context"
	"embed"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations
var migrations embed.FS

// migrate brings the schema up to date. Several nodes may start at once: on
// PostgreSQL goose takes an advisory lock, SQLite has one writer.
func migrate(ctx context.Context, e engine) error {
	d := e.dialect()
	files, err := fs.Sub(migrations, "migrations/"+d.name)
	if err != nil {
		return err
	}
	kind := goose.DialectSQLite3
	var options []goose.ProviderOption
	if d.name == enginePostgres {
		kind = goose.DialectPostgres
		locker, err := lock.NewPostgresSessionLocker()
		if err != nil {
			return err
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	provider, err := goose.NewProvider(kind, e.sqlDB(), files, options...)
	if err != nil {
		return err
	}
	_, err = provider.Up(ctx)
	return err
}
