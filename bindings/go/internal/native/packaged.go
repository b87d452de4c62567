package native

// A module that is made by packaging/go_archive.sh has a file beside this one for each of its platforms, which embeds the library.
var packaged, packagedPlatform string
