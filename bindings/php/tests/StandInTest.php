<?php

declare(strict_types=1);

namespace LdDynamoStore\Tests;

use LdDynamoStore\Exception\ConfigurationException;
use LdDynamoStore\Exception\StoreException;
use LdDynamoStore\LaunchDarkly\DynamoDb;
use LdDynamoStore\Store;
use PHPUnit\Framework\TestCase;

/** All that the library hands out is given back. A leak of a few bytes would not be seen in the size of the process. */
final class StandInTest extends TestCase
{
    private const NOTHING = ['strings' => 0, 'errors' => 0, 'stores' => 0];
    private const OPEN = ['strings' => 0, 'errors' => 0, 'stores' => 1];

    private static StandIn $standIn;

    public static function setUpBeforeClass(): void
    {
        self::$standIn = new StandIn();
    }

    public static function tearDownAfterClass(): void
    {
        self::$standIn->remove();
    }

    public function testEveryCallGivesBack(): void
    {
        $store = self::store(__FUNCTION__);
        $patch = ['segmentId' => 's.g1', 'version' => 'v1'];
        $calls = [
            'init' => static fn () => $store->init('{"features":{"a":{"version":2}},"segments":{}}'),
            'get' => static fn () => $store->get('features', 'a'),
            'get, none' => static fn () => $store->get('features', 'b'),
            'all' => static fn () => $store->all('features'),
            'upsert' => static fn () => $store->upsert('features', 'a', '{"version":3}'),
            'upsert, not newer' => static fn () => $store->upsert('features', 'a', '{"version":1}'),
            'isInitialized' => static fn () => $store->isInitialized(),
            'isAvailable' => static fn () => $store->isAvailable(),
            'checkAvailable' => static fn () => $store->checkAvailable(),
            'stats' => static fn () => $store->stats(),
            'setLogger' => static fn () => $store->setLogger(static fn () => null),
            'setLogger, none' => static fn () => $store->setLogger(null),
            'bigSegmentsMetadata, none' => static fn () => $store->bigSegmentsMetadata(),
            'bigSegmentsCursor, none' => static fn () => $store->bigSegmentsCursor(),
            'bigSegmentsMembership, none' => static fn () => $store->bigSegmentsMembership('hash'),
            'bigSegmentsApplyPatch' => static fn () => $store->bigSegmentsApplyPatch($patch + ['changes' => ['included' => ['add' => ['hash']]]]),
            'bigSegmentsApplyPatch, out of order' => static fn () => $store->bigSegmentsApplyPatch($patch),
            'bigSegmentsSetSynchronized' => static fn () => $store->bigSegmentsSetSynchronized(1),
            'bigSegmentsMetadata' => static fn () => $store->bigSegmentsMetadata(),
            'bigSegmentsCursor' => static fn () => $store->bigSegmentsCursor(),
            'bigSegmentsMembership' => static fn () => $store->bigSegmentsMembership('hash'),
            'contextHash' => static fn () => Store::contextHash('key', self::$standIn->library),
        ];
        $kept = [];
        foreach ($calls as $name => $call) {
            $call();
            $kept[$name] = self::$standIn->kept();
        }
        self::assertSame(array_fill_keys(array_keys($calls), self::OPEN), $kept);
        $store->close();
        $store->close();
        self::assertSame(self::NOTHING, self::$standIn->kept());
    }

    public function testEveryFailureGivesBack(): void
    {
        $store = self::store(__FUNCTION__, ['endpoint' => 'http://127.0.0.1:1', 'max_attempts' => 1]);
        $calls = [
            'init' => static fn () => $store->init('{'),
            'get' => static fn () => $store->get('features', 'a'),
            'all' => static fn () => $store->all('features'),
            'upsert' => static fn () => $store->upsert('features', 'a', '{}'),
            'isInitialized' => static fn () => $store->isInitialized(),
            'checkAvailable' => static fn () => $store->checkAvailable(),
            'setCredentials' => static fn () => $store->setCredentials(['access_key_id' => 'a', 'secret_access_key' => 'b']),
            'bigSegmentsMetadata' => static fn () => $store->bigSegmentsMetadata(),
            'bigSegmentsCursor' => static fn () => $store->bigSegmentsCursor(),
            'bigSegmentsMembership' => static fn () => $store->bigSegmentsMembership('hash'),
            'bigSegmentsApplyPatch' => static fn () => $store->bigSegmentsApplyPatch('{}'),
            'bigSegmentsSetSynchronized' => static fn () => $store->bigSegmentsSetSynchronized(-1),
            'contextHash' => static fn () => Store::contextHash("\xff", self::$standIn->library),
        ];
        $kept = [];
        foreach ($calls as $name => $call) {
            try {
                $call();
                self::fail("no exception: $name");
            } catch (StoreException) {
                $kept[$name] = self::$standIn->kept();
            }
        }
        self::assertSame(array_fill_keys(array_keys($calls), self::OPEN), $kept);
        $store->close();
        self::assertSame(self::NOTHING, self::$standIn->kept());
    }

    public function testAStoreThatIsNotMadeLeavesNothing(): void
    {
        $this->expectException(ConfigurationException::class);
        try {
            self::store(__FUNCTION__, ['no_such_option' => 1]);
        } finally {
            self::assertSame(self::NOTHING, self::$standIn->kept());
        }
    }

    public function testAStoreThatNobodyRefersToIsFreed(): void
    {
        $store = self::store(__FUNCTION__);
        $options = ['dynamodb_table' => Engine::TABLE, 'library' => self::$standIn->library];
        $segments = DynamoDb::bigSegmentsStore($options);
        $requester = DynamoDb::featureRequester($options)('', '', []);
        self::assertSame(['strings' => 0, 'errors' => 0, 'stores' => 3], self::$standIn->kept());
        unset($store, $segments, $requester);
        self::assertSame(self::NOTHING, self::$standIn->kept());
    }

    /** @param array<string, mixed> $more */
    private static function store(string $prefix, array $more = []): Store
    {
        return new Store(Engine::TABLE, Engine::options($prefix, $more), self::$standIn->library);
    }
}
