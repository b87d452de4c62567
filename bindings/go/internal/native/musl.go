//go:build musl && !cgo

package native

// Without cgo, Go links programs for glibc's loader, which musl does not have: they would not start.
var _ = build_with_CGO_ENABLED_1_on_musl
