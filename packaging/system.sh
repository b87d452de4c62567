#!/usr/bin/env bash
# Unpacks Debian's Python, Ruby, PHP, Node and C libraries for another processor, so that an emulator can run programs with them. Nothing is installed.
#
#   packaging/system.sh MACHINE FOLDER     MACHINE is aarch64 or x86_64
set -euo pipefail

readonly machine=$1 folder=$2
case $machine in
    aarch64) architecture=arm64 ;;
    x86_64) architecture=amd64 ;;
    *) echo "system.sh: \"$machine\" is neither aarch64 nor x86_64" >&2 && exit 1 ;;
esac
fetched=$(mktemp -d)
trap 'rm -rf "$fetched"' EXIT
said=$(debootstrap --download-only --arch="$architecture" --variant=minbase --keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
    --include=musl,nodejs,php-cli,python3,ruby,ruby-ffi bookworm "$fetched" 2>&1) || {
    tail -n 5 <<<"$said" >&2
    exit 1
}
rm -rf "$folder"
mkdir -p "$folder"
for package in "$fetched"/var/cache/apt/archives/*.deb; do
    dpkg-deb --extract "$package" "$folder"
done
