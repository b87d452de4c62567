<?php

declare(strict_types=1);

namespace LdDynamoStore\LaunchDarkly;

use LdDynamoStore\Exception\UnsupportedOptionException;

/**
 * Plugs the store into LaunchDarkly's PHP SDK, in place of `LaunchDarkly\Integrations\DynamoDb`: change one `use`, and the calls stay as they are.
 *
 *     use LdDynamoStore\LaunchDarkly\DynamoDb;
 *
 *     $client = new LDClient('sdk-key', ['feature_requester' => DynamoDb::featureRequester(['dynamodb_table' => 'my-table'])]);
 */
final class DynamoDb
{
    /**
     * A factory of a feature requester, for the option `feature_requester` of `LDClient`.
     *
     * The options of LaunchDarkly's own package may also stand in those of `LDClient`:
     *
     * - `dynamodb_table` (required): the name of an existing table, whose keys are `namespace` and `key`, both strings
     * - `dynamodb_prefix`: goes before every namespace, so that environments share a table
     * - `dynamodb_options`: settings of the AWS SDK's client, translated; one without a counterpart is refused
     * - `dynamodb_client`: a client of the AWS SDK's, of which region, endpoint and credentials are taken; instead of `dynamodb_options`
     * - `apc_expiration`: seconds for which APCu keeps what was read
     * - `cache`, `cache_ttl`: a PSR-6 pool that keeps what was read, and for how many seconds (null: as the pool has it)
     *
     * Those of this package:
     *
     * - `worker_cache_ttl`: seconds for which the native library keeps what was read, in the worker process, over requests; not with the other caches
     * - `prefetch`: true reads all flags (or segments) with one query as soon as the first is wanted, and keeps them for this client
     * - `store_options`: further options of `Store`, such as `['consistent_reads' => false]`; they win over `dynamodb_options`
     * - `library`: path of the native library
     *
     * The table is never written, and no connection made before the first read. With the same options, the requests that one worker serves share
     * connections.
     *
     * @param array<string, mixed> $options
     *
     * @return \Closure(string, string, array<string, mixed>): DynamoDbFeatureRequester throws an UnsupportedOptionException or
     *     a ConfigurationException that names what is wrong, a LibraryException where the native library does not load
     *
     * @throws UnsupportedOptionException there is no such option, or it has the wrong type
     */
    public static function featureRequester(#[\SensitiveParameter] array $options = []): \Closure
    {
        AdapterOptions::check($options, AdapterOptions::OF_FEATURES);

        return static fn (string $baseUri, #[\SensitiveParameter] string $sdkKey, #[\SensitiveParameter] array $clientOptions): DynamoDbFeatureRequester
            => new DynamoDbFeatureRequester($baseUri, $sdkKey, AdapterOptions::together($clientOptions, $options));
    }

    /**
     * A Big Segments store, for `LaunchDarkly\Types\BigSegmentsConfig`. LaunchDarkly has none for DynamoDB in PHP.
     *
     * @param array<string, mixed> $options `dynamodb_table` (required), `dynamodb_prefix`, `dynamodb_options` or `dynamodb_client`, `store_options`,
     *     `library` as for `featureRequester`, and `logger`, a PSR-3 logger. What was read is kept by the `cache` of `BigSegmentsConfig`.
     *
     * @throws UnsupportedOptionException there is no such option, or this package cannot honour it
     * @throws \LdDynamoStore\Exception\ConfigurationException a setting is wrong; the message names it
     * @throws \LdDynamoStore\Exception\LibraryException the native library does not load
     */
    public static function bigSegmentsStore(#[\SensitiveParameter] array $options): DynamoDbBigSegmentsStore
    {
        AdapterOptions::check($options, AdapterOptions::OF_BIG_SEGMENTS);

        return new DynamoDbBigSegmentsStore(AdapterOptions::of($options));
    }
}
