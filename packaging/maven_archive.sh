#!/usr/bin/env bash
# Makes the archive of the Java package: a Maven repository of its jars, one of them for each platform in FOLDER, with the native library
# FOLDER/PLATFORM/libld_dynamo_store.so and the JNI shim that calls it.
#
#   packaging/maven_archive.sh FOLDER OUT.zip
#
# Two builds are equal byte for byte. SOURCE_DATE_EPOCH dates the files in it, or else the last commit does. Needs a JDK, Maven with what
# bindings/java/pom.xml asks for already fetched, and zig in target/packaging (ZIG_PYTHON names another Python that has it).
set -euo pipefail

[ $# = 2 ] || {
    echo "usage: packaging/maven_archive.sh FOLDER_OF_LIBRARIES OUT.zip" >&2
    exit 2
}
libraries=$(realpath "$1")
out=$(realpath -m "$2")
cd "$(dirname "$0")/.."
. packaging/platforms.sh
SOURCE_DATE_EPOCH=$(source_date)
export SOURCE_DATE_EPOCH
readonly python=${ZIG_PYTHON:-target/packaging/bin/python}
java_home=${JAVA_HOME:-$(dirname "$(dirname "$(realpath "$(command -v javac)")")")}
readonly java_home

build=$(mktemp -d)
readonly build
trap 'rm -rf "$build"' EXIT

platforms=()
for library in "$libraries"/*/libld_dynamo_store.so; do
    [ -f "$library" ] || platforms_fail "there is no $libraries/PLATFORM/libld_dynamo_store.so"
    platform=$(basename "$(dirname "$library")")
    require_platforms "$platform"
    platforms+=("$platform")
    place=$build/native/$platform
    mkdir -p "$place"
    cp "$library" "$place/"
    "$python" -m ziglang cc -target "$(platform_zig_target "$platform")" -std=c11 -O2 -fPIC -shared -fvisibility=hidden -s -Wall -Wextra -Werror \
        -I "$java_home/include" -I "$java_home/include/linux" bindings/java/src/main/c/ld_dynamo_store_jni.c \
        -o "$place/libld_dynamo_store_jni.so" -ldl
    for file in libld_dynamo_store.so libld_dynamo_store_jni.so; do
        (cd "$place" && sha256sum "$file" | cut -d ' ' -f 1 >"$file.sha256")
    done
    if [ -f "$libraries/$platform/THIRD-PARTY-LICENSES.txt" ]; then
        cp "$libraries/$platform/THIRD-PARTY-LICENSES.txt" "$place/"
    fi
done

mvn -o -B -q -f bindings/java/pom.xml package -DskipTests -Dmaven.test.skip=true -Dnative.skip=true -Doutput.directory="$build/target" \
    -Dproject.build.outputTimestamp="$SOURCE_DATE_EPOCH"

PYTHONPATH=packaging PYTHONDONTWRITEBYTECODE=1 python3 - "$build" "$out" "${platforms[@]}" <<'PYTHON'
import hashlib
import sys
from pathlib import Path

from archive import repository, version, write_zip

build, out = map(Path, sys.argv[1:3])
platforms = sys.argv[3:]
package = repository / "bindings/java"

files = {}
name = f"ld-dynamo-store-{version}"
for suffix in (".jar", "-sources.jar", "-javadoc.jar"):
    files[name + suffix] = (build / "target" / (name + suffix)).read_bytes()
files[name + ".pom"] = (package / "pom.xml").read_bytes()
for platform in platforms:
    contents = {
        # First, as tools expect it.
        "META-INF/MANIFEST.MF": b"Manifest-Version: 1.0\r\n\r\n",
        "META-INF/LICENSE": (package / "LICENSE").read_bytes(),
    }
    for file in sorted((build / "native" / platform).iterdir()):
        folder = "META-INF" if file.suffix == ".txt" else f"lddynamostore/native/{platform}"
        contents[f"{folder}/{file.name}"] = file.read_bytes()
    jar = build / f"{platform}.jar"
    write_zip(jar, contents)
    files[f"{name}-{platform}.jar"] = jar.read_bytes()
files |= {f"{file}.sha1": hashlib.sha1(data).hexdigest().encode() for file, data in files.items()}
write_zip(out, {f"ld-dynamo-store/ld-dynamo-store/{version}/{file}": files[file] for file in sorted(files)})
PYTHON
