package lddynamostore

import (
	"github.com/launchdarkly/go-server-sdk-dynamodb/v4/internal/native"
)

// Library is the native library in use.
type Library struct {
	// Path is what the system's loader was given: a path, or a name that it searches for; or it says that the library is the packaged one.
	Path string
	// Version is the library's own, such as "0.1.0".
	Version string
	// ABIMajor and ABIMinor are its ABI version.
	ABIMajor, ABIMinor int
}

// Load loads the native library, once for each path.
//
// The first of these that is given or exists is used, and an error in it is not covered up by the next one: the path, unless it is "";
// the environment variable LD_DYNAMO_STORE_LIBRARY; the library packaged with this module; the system's loader. Fails with a
// [LibraryError].
func Load(path string) (Library, error) {
	library, err := native.Load(path)
	if err != nil {
		return Library{}, err
	}
	return described(library), nil
}

func described(library *native.Library) Library {
	return Library{library.Path, library.Version, int(library.Major), int(library.Minor)}
}
