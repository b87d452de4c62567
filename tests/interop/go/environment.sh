# For `go`, to be sourced in the root of the repository: what a user has set for other modules is not used, and all that is fetched and
# built lies in target/, where `cargo clean` can remove it, unless the user has chosen another place.
export GOFLAGS='' GOWORK=off
if [ -z "${GOMODCACHE:-}" ]; then
    export GOMODCACHE="$PWD/target/go/modules" GOFLAGS=-modcacherw
fi
export GOCACHE="${GOCACHE:-$PWD/target/go/cache}"
