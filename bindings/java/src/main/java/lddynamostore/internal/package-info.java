/** Not for programs: how the native library is found, loaded and called. It may change with every version. */
package lddynamostore.internal;
