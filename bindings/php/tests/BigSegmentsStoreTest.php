<?php

declare(strict_types=1);

namespace LdDynamoStore\Tests;

use LdDynamoStore\Exception\AccessDeniedException;
use LdDynamoStore\Exception\UnsupportedOptionException;
use LdDynamoStore\LaunchDarkly\DynamoDb;
use LdDynamoStore\LaunchDarkly\DynamoDbBigSegmentsStore;

/** What the SDK is told of Big Segments. */
final class BigSegmentsStoreTest extends FakeDynamoDbTestCase
{
    /** @dataProvider prefixes */
    public function testMetadata(?string $prefix, string $begin): void
    {
        $store = $this->store($prefix);
        self::assertNull($store->getMetadata()->getLastUpToDate());
        self::$engine->putRow(self::metadata($begin, ['synchronizedOn' => ['N' => '1700000000999']]));
        self::assertSame(1700000000, $store->getMetadata()->getLastUpToDate());
        self::assertTrue($store->getMetadata()->isStale(120));
        self::$engine->putRow(self::metadata($begin, ['synchronizedOn' => ['N' => (string) (time() * 1000)]]));
        self::assertFalse($store->getMetadata()->isStale(120));
        self::$engine->putRow(self::metadata($begin, ['lastVersion' => ['S' => '']]));
        self::assertNull($store->getMetadata()->getLastUpToDate());
        self::$engine->putRow(self::metadata($begin, ['synchronizedOn' => ['N' => '0'], 'lastVersion' => ['S' => 'v1']]));
        self::assertSame(0, $store->getMetadata()->getLastUpToDate());
        self::assertTrue($store->getMetadata()->isStale(120));
    }

    /** @dataProvider prefixes */
    public function testMembership(?string $prefix, string $begin): void
    {
        $store = $this->store($prefix);
        self::assertSame([], $store->getMembership('hash'));
        $rows = [
            'included' => ['included' => ['SS' => ['a.g1', 'b.g2']]],
            'excluded' => ['excluded' => ['SS' => ['a.g1']]],
            'both' => ['included' => ['SS' => ['a.g1']], 'excluded' => ['SS' => ['a.g1', 'b.g1']]],
            'neither' => [],
        ];
        foreach ($rows as $hash => $sets) {
            self::$engine->putRow(['namespace' => ['S' => $begin . 'big_segments_user'], 'key' => ['S' => $hash]] + $sets);
        }
        self::assertSame(['a.g1' => true, 'b.g2' => true], $store->getMembership('included'));
        self::assertSame(['a.g1' => false], $store->getMembership('excluded'));
        $both = $store->getMembership('both');
        ksort($both);
        self::assertSame(['a.g1' => true, 'b.g1' => false], $both);
        self::assertSame([], $store->getMembership('neither'));
    }

    /** @return array<string, array{string|null, string}> */
    public static function prefixes(): array
    {
        return ['a prefix' => ['p', 'p:'], 'an empty one' => ['', ''], 'none' => [null, '']];
    }

    public function testADamagedRowIsLoggedAndAbsent(): void
    {
        self::$engine->putRow(self::metadata('', ['synchronizedOn' => ['S' => 'yesterday']]));
        self::$engine->putRow(['namespace' => ['S' => 'big_segments_user'], 'key' => ['S' => 'hash'], 'included' => ['S' => 'a.g1']]);
        $store = $this->store(null);
        self::assertNull($store->getMetadata()->getLastUpToDate());
        self::assertSame([], $store->getMembership('hash'));
        self::assertCount(2, $this->log->of('error'));
    }

    public function testATableThatCannotBeAskedIsAnException(): void
    {
        self::$engine->rule(['error' => ['status' => 400, 'code' => 'AccessDeniedException', 'message' => 'no']]);
        $store = $this->store(null);
        foreach ([$store->getMetadata(...), static fn () => $store->getMembership('hash')] as $read) {
            try {
                $read();
                self::fail('no exception');
            } catch (AccessDeniedException $exception) {
                self::assertFalse($exception->retriable);
            }
        }
    }

    public function testAHashThatNoRowCanHaveIsUnknown(): void
    {
        foreach (['', "a\0b", str_repeat('x', 2000)] as $hash) {
            self::assertSame([], $this->store(null)->getMembership($hash));
        }
        self::assertSame([], self::$engine->requests());
    }

    /**
     * @param array<string, mixed> $options
     *
     * @dataProvider optionsOfTheStore
     */
    public function testNothingIsCachedUnderTheSdk(array $options): void
    {
        $store = $this->store(null, $options);
        for ($time = 0; $time < 3; $time++) {
            self::assertSame([], $store->getMembership('hash'));
            self::assertNull($store->getMetadata()->getLastUpToDate());
        }
        self::assertSame(['GetItem' => 6], self::$engine->requests());
    }

    /** @return array<string, array{array<string, mixed>}> */
    public static function optionsOfTheStore(): array
    {
        return ['no options' => [[]], 'no time' => [['context_cache_ttl_ms' => 0]], 'no room' => [['context_cache_size' => 0]]];
    }

    public function testACacheUnderTheSdkIsRefused(): void
    {
        foreach (['context_cache_ttl_ms', 'context_cache_size'] as $name) {
            try {
                $this->store(null, [$name => 1]);
                self::fail('no exception');
            } catch (UnsupportedOptionException $exception) {
                self::assertSame("store_options: $name is not supported; leave it out: BigSegmentsConfig has a cache", $exception->getMessage());
            }
        }
    }

    /** @param array<string, mixed> $more options of `Store` */
    private function store(?string $prefix, array $more = []): DynamoDbBigSegmentsStore
    {
        return DynamoDb::bigSegmentsStore([
            'store_options' => $more,
            'dynamodb_table' => FakeDynamoDb::TABLE,
            'dynamodb_prefix' => $prefix,
            'dynamodb_options' => self::$engine->awsOptions(),
            'logger' => $this->log,
        ]);
    }

    /**
     * @param array<string, array<string, mixed>> $attributes
     *
     * @return array<string, array<string, mixed>>
     */
    private static function metadata(string $begin, array $attributes): array
    {
        $key = ['S' => $begin . 'big_segments_metadata'];

        return ['namespace' => $key, 'key' => $key] + $attributes;
    }
}
