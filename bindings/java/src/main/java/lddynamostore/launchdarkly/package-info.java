/**
 * Plugs the store into LaunchDarkly's Java SDK, in place of {@code com.launchdarkly.sdk.server.integrations.DynamoDb}: change one import,
 * and the calls stay as they are.
 *
 * <p>The SDK caches; the store under it caches nothing, so that a value is never older than the SDK's settings say. An exception reaches
 * the SDK only if the table could not be asked, because the SDK takes any exception for an outage: a row that is damaged is logged and
 * counts as absent.
 */
package lddynamostore.launchdarkly;
