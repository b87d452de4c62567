package native_test

import (
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/launchdarkly/go-server-sdk-dynamodb/v4/internal/native"
	"github.com/launchdarkly/go-server-sdk-dynamodb/v4/internal/testengine"
)

func TestTheArgumentGoesBeforeTheVariable(t *testing.T) {
	one, other := testengine.NewStub(t, 1, native.ABIMinor), testengine.NewStub(t, 1, native.ABIMinor+5)
	t.Setenv(native.LibraryVariable, other.Path)
	library, err := native.Load(one.Path)
	require.NoError(t, err)
	assert.Equal(t, one.Path, library.Path)
	assert.Equal(t, "0.0.0-stub", library.Version)
	library, err = native.Load("")
	require.NoError(t, err)
	assert.Equal(t, other.Path, library.Path)
	assert.EqualValues(t, native.ABIMinor+5, library.Minor)
	again, err := native.Load("")
	require.NoError(t, err)
	assert.Same(t, library, again)
}

func TestThePackagedLibraryGoesBeforeTheSystems(t *testing.T) {
	stub := testengine.NewStub(t, 1, native.ABIMinor)
	text, err := os.ReadFile(stub.Path)
	require.NoError(t, err)
	t.Setenv(native.LibraryVariable, "")
	native.SetPackaged(t, string(text), "this platform")
	library, err := native.Load("")
	require.NoError(t, err)
	assert.Contains(t, library.Path, "packaged with this module")
	assert.Equal(t, "0.0.0-stub", library.Version)
}

func TestAPackagedLibraryThatDoesNotLoad(t *testing.T) {
	// It takes the descriptor, and so the name, of a library that another test has loaded.
	file, err := os.Open(os.DevNull)
	require.NoError(t, err)
	defer file.Close()
	t.Setenv(native.LibraryVariable, "")
	native.SetPackaged(t, "no library", "another platform")
	_, err = native.Load("")
	assert.ErrorIs(t, err, native.ErrLibraryNotFound)
	assert.ErrorContains(t, err, native.Platform())
}

func TestErrorsNameWhatWasLookedFor(t *testing.T) {
	folder := t.TempDir()
	text := filepath.Join(folder, "text.so")
	require.NoError(t, os.WriteFile(text, []byte("text"), 0o600))
	_, err := native.Load(filepath.Join(folder, "missing.so"))
	assert.ErrorIs(t, err, native.ErrLibraryNotFound)
	assert.ErrorContains(t, err, "there is no such file")
	_, err = native.Load(text)
	assert.ErrorIs(t, err, native.ErrLibraryNotFound)
	assert.ErrorContains(t, err, "this is "+native.Platform())
	t.Setenv(native.LibraryVariable, filepath.Join(folder, "missing.so"))
	_, err = native.Load("")
	assert.ErrorContains(t, err, native.LibraryVariable)
	var failure *native.LibraryError
	assert.ErrorAs(t, err, &failure)
}

func TestNothingAnywhere(t *testing.T) {
	t.Setenv(native.LibraryVariable, "")
	native.SetPackaged(t, "", "")
	_, err := native.Load("")
	if err == nil {
		t.Skip("the system's loader finds a library on this machine")
	}
	assert.ErrorIs(t, err, native.ErrLibraryNotFound)
	assert.ErrorContains(t, err, "libld_dynamo_store.so.1")
}

func TestLibrariesThatDoNotFit(t *testing.T) {
	older, next := testengine.NewStub(t, 1, native.ABIMinor-1), testengine.NewStub(t, 2, 0)
	_, err := native.Load(older.Path)
	assert.ErrorIs(t, err, native.ErrLibraryMismatch)
	assert.ErrorContains(t, err, "upgrade the native library")
	_, err = native.Load(next.Path)
	assert.ErrorIs(t, err, native.ErrLibraryMismatch)
	assert.ErrorContains(t, err, "upgrade the Go module")
	if runtime.GOOS == "linux" {
		_, err = native.Load(anotherLibrary(t))
		assert.ErrorIs(t, err, native.ErrLibraryMismatch)
		assert.ErrorContains(t, err, "another library")
	}
}

// anotherLibrary is one that every Linux has: the C library of this process.
func anotherLibrary(t *testing.T) string {
	maps, err := os.ReadFile("/proc/self/maps")
	require.NoError(t, err)
	path := regexp.MustCompile(`/\S*/(libc\.so\.6|ld-musl\S*)`).FindString(string(maps))
	require.NotEmpty(t, path)
	return path
}

func TestEveryFunctionOfTheHeaderIsBound(t *testing.T) {
	header, err := os.ReadFile(filepath.Join(testengine.Repository(), "include/ld_dynamo_store.h"))
	require.NoError(t, err)
	functions := map[string]bool{}
	for _, found := range regexp.MustCompile(`\b(ld_dynamo_\w+)\(`).FindAllStringSubmatch(string(header), -1) {
		functions[found[1]] = true
	}
	// What it says is the status that the call returned.
	delete(functions, "ld_dynamo_error_status")
	bound := map[string]bool{}
	for _, name := range native.FunctionNames() {
		bound[name] = true
	}
	assert.Equal(t, functions, bound)
}

func TestStringsOverPages(t *testing.T) {
	for _, length := range []int{0, 1, 4095, 4096, 4097, 100_000} {
		assert.Len(t, native.CopyOf(strings.Repeat("x", length)), length)
	}
}

func TestLargeBuffersAreNotKept(t *testing.T) {
	assert.Zero(t, native.BufferAfter(70_000))
	assert.GreaterOrEqual(t, native.BufferAfter(1000), 1000)
}

func TestALogSinkIsReleasedWithItsStore(t *testing.T) {
	library, err := native.Load(testengine.NewStub(t, 1, native.ABIMinor).Path)
	require.NoError(t, err)
	store, _, failure := library.NewStore(`{"table":"table"}`)
	require.Nil(t, failure)
	before := native.LogSinks()
	for round := 0; round < 3; round++ {
		_, failure, err = store.SetLogSink(func(int32, string) {})
		require.Nil(t, failure)
		require.NoError(t, err)
		assert.Equal(t, before+1, native.LogSinks(), "the one before is released")
	}
	store.Close()
	assert.Equal(t, before, native.LogSinks())
}
