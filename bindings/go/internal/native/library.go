// Package native finds the native library, checks that it fits, and calls its functions.
package native

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// The ABI that this module was written for: a library needs the same major version and at least this minor one.
const (
	ABIMajor = 1
	ABIMinor = 3
)

// LibraryVariable is the environment variable that names the library.
const LibraryVariable = "LD_DYNAMO_STORE_LIBRARY"

// Library is one loaded native library.
type Library struct {
	// Path is what the loader was given: a path, or a name that it searches for.
	Path string
	// Version is the library's own, such as "0.1.0".
	Version string
	// Major and Minor are its ABI version.
	Major, Minor uint32

	functions functions
}

// functions holds the address of each function of the C header.
type functions struct {
	version, abiVersion                                   uintptr
	storeNew, storeFree                                   uintptr
	init, get, all, upsert, initialized, available        uintptr
	getCached, allCached, initializedCached               uintptr
	bigSegmentsMetadata, bigSegmentsCursor                uintptr
	bigSegmentsMembership, bigSegmentsApplyPatch          uintptr
	bigSegmentsSetSynchronized, contextHash, jsonMembers  uintptr
	stats, setLogger, setCredentials                      uintptr
	stringFree, errorFree, errorMessage, errorServiceCode uintptr
	errorIsRetriable                                      uintptr
}

func (f *functions) names() map[string]*uintptr {
	return map[string]*uintptr{
		"ld_dynamo_version":                             &f.version,
		"ld_dynamo_abi_version":                         &f.abiVersion,
		"ld_dynamo_store_new":                           &f.storeNew,
		"ld_dynamo_store_free":                          &f.storeFree,
		"ld_dynamo_store_init":                          &f.init,
		"ld_dynamo_store_get":                           &f.get,
		"ld_dynamo_store_all":                           &f.all,
		"ld_dynamo_store_upsert":                        &f.upsert,
		"ld_dynamo_store_initialized":                   &f.initialized,
		"ld_dynamo_store_available":                     &f.available,
		"ld_dynamo_store_get_cached":                    &f.getCached,
		"ld_dynamo_store_all_cached":                    &f.allCached,
		"ld_dynamo_store_initialized_cached":            &f.initializedCached,
		"ld_dynamo_store_big_segments_metadata":         &f.bigSegmentsMetadata,
		"ld_dynamo_store_big_segments_cursor":           &f.bigSegmentsCursor,
		"ld_dynamo_store_big_segments_membership":       &f.bigSegmentsMembership,
		"ld_dynamo_store_big_segments_apply_patch":      &f.bigSegmentsApplyPatch,
		"ld_dynamo_store_big_segments_set_synchronized": &f.bigSegmentsSetSynchronized,
		"ld_dynamo_context_hash":                        &f.contextHash,
		"ld_dynamo_json_members":                        &f.jsonMembers,
		"ld_dynamo_store_stats":                         &f.stats,
		"ld_dynamo_store_set_logger":                    &f.setLogger,
		"ld_dynamo_store_set_credentials":               &f.setCredentials,
		"ld_dynamo_string_free":                         &f.stringFree,
		"ld_dynamo_error_free":                          &f.errorFree,
		"ld_dynamo_error_message":                       &f.errorMessage,
		"ld_dynamo_error_service_code":                  &f.errorServiceCode,
		"ld_dynamo_error_is_retriable":                  &f.errorIsRetriable,
	}
}

var loaded struct {
	sync.Mutex
	libraries map[string]*Library
}

// Load loads the native library, once for each path.
//
// The first of these that is given or exists is used, and an error in it is not covered up by the next one: the argument, the environment
// variable LD_DYNAMO_STORE_LIBRARY, the file packaged with this module, the system's loader.
func Load(path string) (*Library, error) {
	if path != "" {
		return loadFile(path, "the library that was asked for")
	}
	if named := os.Getenv(LibraryVariable); named != "" {
		return loadFile(named, "the environment variable "+LibraryVariable)
	}
	if packaged != "" {
		return loadOnce("packaged with this module, for "+packagedPlatform, openPackaged)
	}
	var failures []string
	for _, name := range systemNames {
		library, err := loadOnce(name, func() (uintptr, error) { return openLibrary(name) })
		if err == nil || !isNotFound(err) {
			return library, err
		}
		failures = append(failures, err.Error())
	}
	return nil, notFound(fmt.Sprintf("the native library was not found: no path was given, there is no variable %s, "+
		"this module was not packaged with one for %s, and the system's loader says: %s",
		LibraryVariable, Platform(), strings.Join(failures, "; ")))
}

func loadFile(path, source string) (*Library, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, notFound(fmt.Sprintf("%s is %s, whose absolute path is unknown: %v", source, path, err))
	}
	if file, err := os.Stat(absolute); err != nil || !file.Mode().IsRegular() {
		return nil, notFound(fmt.Sprintf("%s is %s, but there is no such file", source, absolute))
	}
	return loadOnce(absolute, func() (uintptr, error) { return openLibrary(absolute) })
}

func loadOnce(path string, open func() (uintptr, error)) (*Library, error) {
	loaded.Lock()
	defer loaded.Unlock()
	if library := loaded.libraries[path]; library != nil {
		return library, nil
	}
	handle, err := open()
	if err != nil {
		return nil, notFound(fmt.Sprintf("the native library %s cannot be loaded: %v%s", path, err, advice(err.Error())))
	}
	library := &Library{Path: path}
	if err := library.bind(handle); err != nil {
		return nil, err
	}
	if loaded.libraries == nil {
		loaded.libraries = map[string]*Library{}
	}
	loaded.libraries[path] = library
	return library, nil
}

// bind looks up every function, after the version says that they are there.
func (library *Library) bind(handle uintptr) error {
	abiVersion := findSymbol(handle, "ld_dynamo_abi_version")
	if abiVersion == 0 {
		return mismatch(library.Path + " is another library: it has no function ld_dynamo_abi_version")
	}
	packed := uint32(call(abiVersion))
	library.Major, library.Minor = packed>>16, packed&0xffff
	if library.Major != ABIMajor || library.Minor < ABIMinor {
		upgrade := "upgrade the native library"
		if library.Major > ABIMajor {
			upgrade = "upgrade the Go module"
		}
		return mismatch(fmt.Sprintf("%s has ABI version %d.%d, but this module needs %d.%d or a later %d.x: %s",
			library.Path, library.Major, library.Minor, ABIMajor, ABIMinor, ABIMajor, upgrade))
	}
	for name, address := range library.functions.names() {
		if *address = findSymbol(handle, name); *address == 0 {
			return mismatch(fmt.Sprintf("%s has no function %s: upgrade the native library", library.Path, name))
		}
	}
	library.Version = textAt(call(library.functions.version))
	return nil
}
