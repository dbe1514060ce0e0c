// Command generate runs build for the package webui in the folder where it is started.
package main

import (
	"fmt"
	"os"

	"github.com/sealpost/sealpost/internal/webui/build"
)

func main() {
	made, err := build.Make(".")
	if err == nil {
		err = build.Write(".", made)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}
