# Sourced by the scripts beside it: the table of platforms, and the time that files in packages have. Their folder is the repository's root.

platforms_fail() {
    echo "${0##*/}: $*" >&2
    exit 1
}

# All platforms.
all_platforms() {
    awk '/^[^#]/ { print $1 }' packaging/platforms.txt
}

# A column of a platform's line: 2 is Rust's target, 3 the tags of the wheel, 4 the gem's platform.
platform_column() {
    awk -v platform="$1" -v column="$2" '$1 == platform { print $column }' packaging/platforms.txt
}

# Rust's target without the version of glibc, as rustup and cargo's folders have it.
platform_target() {
    platform_column "$1" 2 | cut -d . -f 1
}

# The target as zig calls it, with the oldest glibc: x86_64-linux-gnu.2.17.
platform_zig_target() {
    local glibc
    glibc=$(platform_column "$1" 2 | cut -s -d . -f 2-)
    echo "$1${glibc:+.$glibc}"
}

# Ends where one of the platforms is not in the table.
require_platforms() {
    local name
    for name in "$@"; do
        [ -n "$(platform_column "$name" 2)" ] || platforms_fail "there is no platform \"$name\"; there are $(all_platforms | paste -sd ' ')"
    done
}

# The time of the last commit, unless SOURCE_DATE_EPOCH says another; seconds since 1970.
source_date() {
    if [ -n "${SOURCE_DATE_EPOCH:-}" ]; then
        echo "$SOURCE_DATE_EPOCH"
    elif [ -e .git ]; then
        git log -1 --format=%ct
    else
        platforms_fail "this is no checkout of git: SOURCE_DATE_EPOCH must say which time files in packages have, in seconds since 1970"
    fi
}
