package native

import (
	"runtime"
	"strings"
)

var processors = map[string]string{"amd64": "x86_64", "arm64": "aarch64"}

// Platform is this platform as the packages call it, such as "x86_64-linux-gnu".
func Platform() string {
	processor := processors[runtime.GOARCH]
	if processor == "" {
		processor = runtime.GOARCH
	}
	switch runtime.GOOS {
	case "linux":
		return processor + "-linux-" + cLibrary()
	case "darwin":
		return processor + "-macos"
	}
	return processor + "-" + runtime.GOOS
}

// advice says what to do about a library that is there and does not load.
func advice(loaderSays string) string {
	switch {
	case strings.Contains(loaderSays, "GLIBC_"):
		return "; this glibc is older than the library needs: take a package's, for glibc 2.17, or build it here"
	case strings.Contains(loaderSays, "Permission denied"), strings.Contains(loaderSays, "cannot open shared object file: No such file"):
		return ""
	}
	needed := "; this is " + Platform() + ", and needs the library for it, not for another processor or C library"
	if strings.HasSuffix(Platform(), "-musl") && strings.HasSuffix(packagedPlatform, "-gnu") {
		needed += ": build with -tags musl"
	}
	return needed
}
