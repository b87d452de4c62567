/**
 * LaunchDarkly's DynamoDB persistent data store, over a native library.
 *
 * <p>{@link lddynamostore.Store} reads and writes the table directly. {@code lddynamostore.launchdarkly} plugs it into LaunchDarkly's SDK.
 */
package lddynamostore;
