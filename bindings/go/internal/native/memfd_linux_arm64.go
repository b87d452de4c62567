//go:build linux

package native

const memfdCreate = 279
