//go:build darwin && !ios

package native

import "errors"

var systemNames = []string{"libld_dynamo_store.1.dylib", "libld_dynamo_store.dylib"}

func cLibrary() string { return "" }

func openPackaged() (uintptr, error) { return 0, errors.New("libraries are packaged for Linux only") }
