<?php

declare(strict_types=1);

namespace LdDynamoStore\Tests;

use LdDynamoStore\Exception\CorruptItemException;
use LdDynamoStore\Exception\InvalidBigSegmentsException;
use LdDynamoStore\Exception\InvalidJsonException;
use LdDynamoStore\Exception\InvalidKeyException;
use LdDynamoStore\Exception\InvalidUtf8Exception;
use LdDynamoStore\Exception\ReadOnlyException;
use LdDynamoStore\Exception\StoreClosedException;
use LdDynamoStore\Exception\TableNotFoundException;
use LdDynamoStore\LaunchDarkly\DynamoDb;
use LdDynamoStore\Status;
use LdDynamoStore\Store;
use PHPUnit\Framework\TestCase;

/** Big Segments that a store writes, as it and the adapter read them. */
final class BigSegmentsTest extends TestCase
{
    private const REFERENCE = 'members.g1';

    /** @dataProvider contextKeys */
    public function testTheHashOfAContextIsLaunchDarklys(string $key): void
    {
        self::assertSame(base64_encode(hash('sha256', $key, true)), Store::contextHash($key));
    }

    /** @return array<string, array{string}> */
    public static function contextKeys(): array
    {
        return ['a key' => ['user-5150'], 'none' => [''], 'not ASCII' => ['ä€😀'], 'white space' => ["a b\n"], 'a long one' => [str_repeat('x', 100000)]];
    }

    public function testAContextKeyThatCannotBeHashed(): void
    {
        foreach (["a\0b" => InvalidKeyException::class, "a\xff" => InvalidUtf8Exception::class] as $key => $class) {
            try {
                Store::contextHash($key);
                self::fail('no exception');
            } catch (InvalidKeyException | InvalidUtf8Exception $exception) {
                self::assertInstanceOf($class, $exception);
                self::assertMatchesRegularExpression('/key.*1/', $exception->getMessage());
            }
        }
    }

    /** @dataProvider prefixes */
    public function testPatchesInOrder(string $prefix): void
    {
        $store = Engine::store($prefix);
        self::assertNull($store->bigSegmentsMembership('a'));
        self::assertNull($store->bigSegmentsMetadata());
        $first = self::patch('v1', '', ['included' => ['add' => ['a', 'b']], 'excluded' => ['add' => ['c']]]);
        $applied = $store->bigSegmentsApplyPatch($first);
        self::assertSame([true, false, Status::OK], [$applied->isApplied(), $applied->isOutOfOrder(), $applied->status]);
        foreach ([$first, self::patch('v3', 'v2', ['included' => ['remove' => ['a']]])] as $wrong) {
            $refused = $store->bigSegmentsApplyPatch($wrong);
            self::assertSame([false, true, Status::OUT_OF_ORDER], [$refused->isApplied(), $refused->isOutOfOrder(), $refused->status]);
        }
        self::assertSame('{"members.g1":true}', $store->bigSegmentsMembership('a'));
        self::assertSame('{"members.g1":false}', $store->bigSegmentsMembership('c'));
        $second = self::patch('v2', 'v1', ['included' => ['remove' => ['a']], 'excluded' => ['add' => ['b']]]);
        self::assertTrue($store->bigSegmentsApplyPatch($second)->isApplied());
        // The row stays, and has no set any more.
        self::assertSame('{}', $store->bigSegmentsMembership('a'));
        self::assertSame('{"members.g1":true}', $store->bigSegmentsMembership('b'));
        self::assertNull($store->bigSegmentsMembership('unknown'));
        // The cursor and the time share a row.
        $store->bigSegmentsSetSynchronized(5);
        self::assertSame('{"synchronizedOn":5}', $store->bigSegmentsMetadata());
        self::assertTrue($store->bigSegmentsApplyPatch(self::patch('v3', 'v2'))->isApplied());
        self::assertSame('{"synchronizedOn":5}', $store->bigSegmentsMetadata());
    }

    /** @return array<string, array{string}> */
    public static function prefixes(): array
    {
        return ['a prefix' => ['patches'], 'none' => ['']];
    }

    /**
     * @param string|array<string, mixed>|\stdClass $patch
     *
     * @dataProvider forms
     */
    public function testAPatchMayBeTextOrArrayOrObject(string|array|\stdClass $patch): void
    {
        $store = Engine::store('forms-' . hash('xxh64', serialize($patch)));
        self::assertTrue($store->bigSegmentsApplyPatch($patch)->isApplied());
        self::assertSame('{"Grüße/x.g1":true}', $store->bigSegmentsMembership('a/b'));
    }

    /** @return array<string, array{string|array<string, mixed>|\stdClass}> */
    public static function forms(): array
    {
        $json = '{ "segmentId": "Grüße/x.g1", "version": "v1", "previousVersion": null, "changes": {"included": {"add": ["a/b"], "remove": []}, "excluded": {}}}';

        return ['text' => [$json], 'an array, which cannot tell {} from []' => [json_decode($json, true)], 'an object' => [json_decode($json)]];
    }

    public function testArraysAndObjectsMayHaveEmptyChanges(): void
    {
        $store = Engine::store(__FUNCTION__);
        self::assertNull($store->bigSegmentsCursor());
        $patch = ['segmentId' => 'a.g1', 'version' => '', 'previousVersion' => ''];
        foreach ([[], ['included' => []], (object) ['included' => []], new \stdClass(), ['excluded' => ['add' => []]]] as $changes) {
            self::assertTrue($store->bigSegmentsApplyPatch($patch + ['changes' => $changes])->isApplied());
            self::assertTrue($store->bigSegmentsApplyPatch((object) ($patch + ['changes' => $changes]))->isApplied());
        }
        self::assertSame('', $store->bigSegmentsCursor());
    }

    public function testAPatchOfManyContexts(): void
    {
        $store = Engine::store(__FUNCTION__);
        $contexts = array_map(static fn (int $number): string => Store::contextHash("$number"), range(1, 250));
        self::assertTrue($store->bigSegmentsApplyPatch(self::patch('v1', '', ['included' => ['add' => $contexts]]))->isApplied());
        foreach ($contexts as $context) {
            self::assertSame('{"members.g1":true}', $store->bigSegmentsMembership($context));
        }
    }

    /** @dataProvider times */
    public function testTimesAreMillisecondsSince1970(int|\DateTimeInterface $when, int $milliseconds): void
    {
        $store = Engine::store(__FUNCTION__);
        $store->bigSegmentsSetSynchronized($when);
        self::assertSame("{\"synchronizedOn\":$milliseconds}", $store->bigSegmentsMetadata());
    }

    /** @return array<string, array{int|\DateTimeInterface, int}> */
    public static function times(): array
    {
        return [
            'none' => [0, 0],
            'a number' => [1700000000123, 1700000000123],
            'the highest' => [PHP_INT_MAX, PHP_INT_MAX],
            'microseconds' => [new \DateTimeImmutable('2023-11-14 22:13:20.123999 UTC'), 1700000000123],
            'another time zone' => [new \DateTime('2023-11-15 00:13:20.123+02:00'), 1700000000123],
        ];
    }

    /**
     * @param callable(Store): mixed $call
     *
     * @dataProvider mistakes
     */
    public function testMistakesAreRefusedBeforeAnyRequest(string $class, string $message, callable $call): void
    {
        $store = Engine::store(__FUNCTION__);
        try {
            $call($store);
            self::fail('no exception');
        } catch (InvalidBigSegmentsException | InvalidJsonException | \TypeError $exception) {
            self::assertInstanceOf($class, $exception);
            self::assertMatchesRegularExpression($message, $exception->getMessage());
        }
        self::assertSame(0, json_decode($store->stats(), true)['requests']);
    }

    /** @return array<string, array{class-string<\Throwable>, string, callable(Store): mixed}> */
    public static function mistakes(): array
    {
        $patch = static fn (mixed $patch): callable => static fn (Store $store) => $store->bigSegmentsApplyPatch($patch);
        $time = static fn (mixed $when): callable => static fn (Store $store) => $store->bigSegmentsSetSynchronized($when);
        $wrong = InvalidBigSegmentsException::class;

        return [
            'an empty patch' => [$wrong, '/segmentId/', $patch([])],
            'a list' => [$wrong, '/object/', $patch('[]')],
            'no version' => [$wrong, '/version/', $patch(['segmentId' => self::REFERENCE])],
            'an unknown member' => [$wrong, '/unknown/', $patch(self::patch('v1') + ['unknown' => 1])],
            'an empty hash' => [$wrong, '/changes\.included\.add\[0\]/', $patch(self::patch('v1', '', ['included' => ['add' => ['']]]))],
            'a list with gaps' => [$wrong, '/changes\.included\.add/', $patch(self::patch('v1', '', ['included' => ['add' => [1 => 'a']]]))],
            'an array that has no JSON form' => [InvalidJsonException::class, '/no JSON form/', $patch(['version' => "\xff"])],
            'no JSON' => [InvalidJsonException::class, '/JSON/', $patch('{')],
            'a NUL character' => [InvalidJsonException::class, '/patch.*byte 2/', $patch("{}\0")],
            'no patch' => [\TypeError::class, '/patch.*null given/', $patch(null)],
            'before 1970' => [$wrong, '/1970/', $time(-1)],
            'a date before 1970' => [$wrong, '/-1 .*1970/', $time(new \DateTimeImmutable('1969-12-31 23:59:59.999999 UTC'))],
            'a date beyond 64 bits' => [$wrong, '/when .*64 bits/', $time(new \DateTimeImmutable('@9223372036854775807'))],
            'a number beyond 64 bits' => [\TypeError::class, '/when.*int, float given/', $time(9223372036854775808)],
            'a fraction' => [\TypeError::class, '/when.*float given/', $time(1.5)],
            'a text' => [\TypeError::class, '/when.*string given/', $time('1')],
            'a truth value' => [\TypeError::class, '/when.*(bool|true) given/', $time(true)],
            'no time' => [\TypeError::class, '/when.*null given/', $time(null)],
        ];
    }

    public function testWhoMayNotWrite(): void
    {
        $closed = Engine::store(__FUNCTION__);
        $closed->close();
        $stores = [
            ReadOnlyException::class => Engine::store(__FUNCTION__, ['read_only' => true]),
            TableNotFoundException::class => new Store('no-such-table', Engine::options(__FUNCTION__)),
            StoreClosedException::class => $closed,
        ];
        foreach ($stores as $class => $store) {
            $calls = [
                static fn () => $store->bigSegmentsApplyPatch(self::patch('v1')),
                static fn () => $store->bigSegmentsSetSynchronized(1),
            ];
            foreach ($calls as $call) {
                try {
                    $call();
                    self::fail('no exception');
                } catch (ReadOnlyException | TableNotFoundException | StoreClosedException $exception) {
                    self::assertInstanceOf($class, $exception);
                }
            }
        }
    }

    /**
     * @param array<string, mixed> $options
     *
     * @dataProvider caches
     */
    public function testMembershipsAreCachedForDirectUsersAndMetadataIsNot(array $options, int $requests): void
    {
        $engine = new FakeDynamoDb();
        $address = ['endpoint' => $engine->address, 'cache_ttl_ms' => 60000, 'context_cache_ttl_ms' => 60000];
        $store = new Store(FakeDynamoDb::TABLE, Engine::options('', $options + $address));
        for ($time = 0; $time < 3; $time++) {
            self::assertNull($store->bigSegmentsMembership('a'));
            self::assertNull($store->bigSegmentsMetadata());
        }
        self::assertSame(['GetItem' => $requests + 3], $engine->requests());
        $engine->stop();
    }

    /** @return array<string, array{array<string, mixed>, int}> */
    public static function caches(): array
    {
        return [
            'a time' => [[], 1],
            'no time' => [['context_cache_ttl_ms' => 0], 3],
            'no room' => [['context_cache_size' => 0], 3],
            'no cache' => [['cache_ttl_ms' => 0], 3],
        ];
    }

    public function testAMembershipOfAKeyThatCannotBeIsNull(): void
    {
        $store = Engine::store(__FUNCTION__);
        foreach (["a\0b", '', str_repeat('x', 2000)] as $hash) {
            self::assertNull($store->bigSegmentsMembership($hash));
        }
    }

    public function testADamagedRowIsAnException(): void
    {
        $engine = new FakeDynamoDb();
        $engine->putRow(['namespace' => ['S' => 'big_segments_user'], 'key' => ['S' => 'hash'], 'included' => ['S' => 'a.g1']]);
        $store = new Store(FakeDynamoDb::TABLE, Engine::options('', ['endpoint' => $engine->address]));
        try {
            $store->bigSegmentsMembership('hash');
            self::fail('no exception');
        } catch (CorruptItemException $exception) {
            self::assertFalse($exception->retriable);
        } finally {
            $engine->stop();
        }
    }

    /** @dataProvider prefixesOfBoth */
    public function testWhatAStoreWritesIsReadByTheAdapter(string $prefix): void
    {
        $engine = new FakeDynamoDb();
        $options = ['dynamodb_table' => FakeDynamoDb::TABLE, 'dynamodb_prefix' => $prefix, 'dynamodb_options' => $engine->awsOptions()];
        $adapter = DynamoDb::bigSegmentsStore($options);
        $writer = new Store(FakeDynamoDb::TABLE, Engine::options($prefix, ['endpoint' => $engine->address]));
        [$included, $excluded, $both] = array_map(Store::contextHash(...), ['included', 'excluded', 'both']);
        $writer->init('{"features":{"a":{"version":1}},"segments":{}}');
        self::assertSame([], $adapter->getMembership($included));
        self::assertNull($adapter->getMetadata()->getLastUpToDate());
        $first = self::patch('v1', '', ['included' => ['add' => [$included, $both]], 'excluded' => ['add' => [$excluded, $both]]]);
        self::assertTrue($writer->bigSegmentsApplyPatch($first)->isApplied());
        $other = ['segmentId' => 'other.g7'] + self::patch('v2', 'v1', ['excluded' => ['add' => [$included]]]);
        self::assertTrue($writer->bigSegmentsApplyPatch($other)->isApplied());
        $writer->bigSegmentsSetSynchronized(new \DateTimeImmutable('2023-11-14 22:13:20.999 UTC'));
        self::assertEquals([self::REFERENCE => true, 'other.g7' => false], $adapter->getMembership($included));
        self::assertSame([self::REFERENCE => false], $adapter->getMembership($excluded));
        self::assertSame([self::REFERENCE => true], $adapter->getMembership($both));
        self::assertSame([], $adapter->getMembership(Store::contextHash('unknown')));
        self::assertSame(1700000000, $adapter->getMetadata()->getLastUpToDate());
        // Flags and Big Segments share the table.
        $writer->init('{"features":{"b":{"version":1}},"segments":{}}');
        self::assertSame([self::REFERENCE => false], $adapter->getMembership($excluded));
        self::assertSame('{"b":{"version":1}}', $writer->all('features'));
        $engine->stop();
    }

    /** @return array<string, array{string}> */
    public static function prefixesOfBoth(): array
    {
        return ['a prefix' => ['p'], 'none' => ['']];
    }

    /**
     * A patch as LaunchDarkly sends it.
     *
     * @param array<string, array<string, array<int, string>>> $changes
     *
     * @return array<string, mixed>
     */
    private static function patch(string $version, string $previous = '', array $changes = []): array
    {
        $lists = static fn (string $set): array => ($changes[$set] ?? []) + ['add' => [], 'remove' => []];

        return [
            'environmentId' => 'environment',
            'segmentId' => self::REFERENCE,
            'version' => $version,
            'previousVersion' => $previous,
            'changes' => ['included' => $lists('included'), 'excluded' => $lists('excluded')],
        ];
    }
}
