#!/bin/sh
# Compiles the addon: compile.sh OUT. CC names the compiler with its options, by default cc. It is never unloaded, since a worker may end while
# threads are in it.
set -eu
out=$(realpath -m "$1")
cd "$(dirname "$0")"
mkdir -p "$(dirname "$out")"
# shellcheck disable=SC2086
${CC:-cc} -std=gnu11 -O2 -g0 -Wall -Wextra -Werror ${CFLAGS:-} -fPIC -fvisibility=hidden -pthread -shared -Wl,-z,nodelete \
    -I ../node_modules/node-api-headers/include -I ../../../include -o "$out" ./*.c -ldl
