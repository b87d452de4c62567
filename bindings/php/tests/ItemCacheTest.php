<?php

declare(strict_types=1);

namespace LdDynamoStore\Tests;

use LdDynamoStore\LaunchDarkly\AdapterOptions;
use LdDynamoStore\LaunchDarkly\ItemCache;
use LdDynamoStore\LaunchDarkly\PoolItemCache;
use PHPUnit\Framework\TestCase;

/** A cache that environments share serves none of them what another one read. */
final class ItemCacheTest extends TestCase
{
    /** @var array<string, string|false> what the environment was */
    private array $variables = [];

    protected function tearDown(): void
    {
        foreach ($this->variables as $name => $value) {
            putenv($value === false ? $name : "$name=$value");
        }
    }

    /**
     * @param array<string, mixed> $options
     * @param array<string, string> $variables
     *
     * @dataProvider otherPlaces
     */
    public function testAnotherPlaceIsAnotherEntry(array $options, array $variables = []): void
    {
        $pool = new Pool();
        self::cache($pool)->put('features', 'flag', '{}');
        self::assertSame('{}', self::cache($pool)->get('features', 'flag'));
        foreach ($variables as $name => $value) {
            $this->variables[$name] = getenv($name);
            putenv("$name=$value");
        }
        self::assertNull(self::cache($pool, $options)->get('features', 'flag'));
    }

    /** @return array<string, array{array<string, mixed>, 1?: array<string, string>}> */
    public static function otherPlaces(): array
    {
        $aws = static fn (array $options): array => [['dynamodb_options' => $options + self::aws()]];

        return [
            'table' => [['dynamodb_table' => 'other']],
            'prefix' => [['dynamodb_prefix' => 'other']],
            'region' => $aws(['region' => 'eu-west-1']),
            'endpoint' => $aws(['endpoint' => 'http://127.0.0.1:8001']),
            'endpoint of the store' => [['store_options' => ['endpoint' => 'http://127.0.0.1:8001']]],
            'profile' => $aws(['profile' => 'other']),
            'access key' => $aws(['credentials' => ['key' => 'other', 'secret' => 'b']]),
            'AWS_REGION' => [[], ['AWS_REGION' => 'eu-west-1']],
            'AWS_DEFAULT_REGION' => [[], ['AWS_DEFAULT_REGION' => 'eu-west-1']],
            'AWS_PROFILE' => [[], ['AWS_PROFILE' => 'other']],
            'AWS_DEFAULT_PROFILE' => [[], ['AWS_DEFAULT_PROFILE' => 'other']],
            'AWS_ACCESS_KEY_ID' => [[], ['AWS_ACCESS_KEY_ID' => 'other']],
            'AWS_ROLE_ARN' => [[], ['AWS_ROLE_ARN' => 'arn:aws:iam::123456789012:role/other']],
            'AWS_ENDPOINT_URL' => [[], ['AWS_ENDPOINT_URL' => 'http://127.0.0.1:8001']],
            'AWS_ENDPOINT_URL_DYNAMODB' => [[], ['AWS_ENDPOINT_URL_DYNAMODB' => 'http://127.0.0.1:8001']],
        ];
    }

    public function testKindsKeysAndAllOfAKindAreEntriesOfTheirOwn(): void
    {
        $cache = self::cache(new Pool());
        $cache->put('features', 'flag', 'a flag');
        foreach ([['segments', 'flag'], ['features', 'other'], ['features', ''], ['features', null]] as [$kind, $key]) {
            self::assertNull($cache->get($kind, $key));
        }
    }

    public function testAPoolGoesBeforeApcu(): void
    {
        self::assertInstanceOf(PoolItemCache::class, self::cache(new Pool(), ['apc_expiration' => 5]));
    }

    public function testTheAccessKeyIsNotToBeSeen(): void
    {
        $pool = new Pool();
        $cache = self::cache($pool, ['dynamodb_options' => ['credentials' => ['key' => 'AKIAEXAMPLE', 'secret' => 'b']] + self::aws()]);
        $cache->put('features', 'flag', '{}');
        self::assertStringNotContainsString('AKIAEXAMPLE', print_r([$cache, $pool], true));
    }

    /** @param array<string, mixed> $options */
    private static function cache(Pool $pool, array $options = []): ItemCache
    {
        $cache = AdapterOptions::of($options + ['dynamodb_table' => 'flags', 'dynamodb_options' => self::aws(), 'cache' => $pool])->cache();
        self::assertNotNull($cache);

        return $cache;
    }

    /** @return array<string, mixed> */
    private static function aws(): array
    {
        return ['region' => 'us-east-1', 'endpoint' => 'http://127.0.0.1:8000', 'credentials' => ['key' => 'a', 'secret' => 'b']];
    }
}
