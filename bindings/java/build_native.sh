#!/usr/bin/env bash
# Puts this machine's native files where Java finds them on the class path: FOLDER/lddynamostore/native/PLATFORM.
#
#   bindings/java/build_native.sh FOLDER
#
# Always the JNI shim, compiled here with cc and the JDK's headers. And the native library that LD_DYNAMO_STORE_BUILD_LIBRARY names, if it does.
set -euo pipefail
cd "$(dirname "$0")"

[ $# -eq 1 ] || {
    echo "usage: build_native.sh FOLDER" >&2
    exit 2
}
java_home=${JAVA_HOME:-$(dirname "$(dirname "$(realpath "$(command -v javac)")")")}
[ -f "$java_home/include/jni.h" ] || {
    echo "build_native.sh: $java_home has no include/jni.h: JAVA_HOME must name a JDK" >&2
    exit 1
}
# On Alpine, cc names musl.
c_library=gnu
case $(cc -dumpmachine) in *musl*) c_library=musl ;; esac
folder=$1/lddynamostore/native/$(uname -m)-linux-$c_library
rm -rf "$folder"
mkdir -p "$folder"
cc -std=c11 -O2 -fPIC -shared -fvisibility=hidden -Wall -Wextra -Wpedantic -Werror -I "$java_home/include" -I "$java_home/include/linux" \
    src/main/c/ld_dynamo_store_jni.c -o "$folder/libld_dynamo_store_jni.so" -ldl
if [ -n "${LD_DYNAMO_STORE_BUILD_LIBRARY:-}" ]; then
    cp "$LD_DYNAMO_STORE_BUILD_LIBRARY" "$folder/libld_dynamo_store.so"
fi
cd "$folder"
# Java names the extracted files by these, without reading megabytes at each start.
for file in *.so; do
    sha256sum "$file" | cut -d ' ' -f 1 >"$file.sha256"
done
