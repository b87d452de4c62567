<?php

declare(strict_types=1);

namespace LdDynamoStore\Tests\Sdk;

use LaunchDarkly\SharedTest\DatabaseFeatureRequesterTestBase;
use LaunchDarkly\Subsystems\FeatureRequester;
use LdDynamoStore\LaunchDarkly\DynamoDb;
use LdDynamoStore\Store;
use LdDynamoStore\Tests\Engine;
use Psr\Log\NullLogger;

/** LaunchDarkly's own tests for database integrations of its PHP SDK, on this one. */
final class SharedStoreTest extends DatabaseFeatureRequesterTestBase
{
    protected function clearExistingData(?string $prefix): void
    {
        self::store($prefix)->init('{"features": {}, "segments": {}}');
    }

    protected function makeRequester(?string $prefix): FeatureRequester
    {
        $options = [
            'dynamodb_table' => Engine::TABLE,
            'dynamodb_prefix' => $prefix,
            'dynamodb_options' => [
                'credentials' => ['key' => 'x', 'secret' => 'x'],
                'endpoint' => Engine::address(),
                'region' => 'us-east-1',
                'version' => '2012-08-10',
            ],
            'logger' => new NullLogger(),
        ];

        return DynamoDb::featureRequester()('', '', $options);
    }

    protected function putSerializedItem(?string $prefix, string $namespace, string $key, int $version, string $json): void
    {
        self::store($prefix)->upsert($namespace, $key, $json);
    }

    private static function store(?string $prefix): Store
    {
        return Engine::store((string) $prefix);
    }
}
