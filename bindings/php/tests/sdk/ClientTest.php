<?php

declare(strict_types=1);

namespace LdDynamoStore\Tests\Sdk;

use LaunchDarkly\EvaluationReason;
use LaunchDarkly\LDClient;
use LaunchDarkly\LDContext;
use LaunchDarkly\Types\BigSegmentsConfig;
use LdDynamoStore\LaunchDarkly\DynamoDb;
use LdDynamoStore\Store;
use LdDynamoStore\Tests\FakeDynamoDb;
use LdDynamoStore\Tests\FakeDynamoDbTestCase;
use LdDynamoStore\Tests\Pool;

/** LaunchDarkly's client evaluates flags from the table. */
final class ClientTest extends FakeDynamoDbTestCase
{
    protected function setUp(): void
    {
        parent::setUp();
        $always = self::flag('always', ['fallthrough' => ['variation' => 0]]);
        $matches = static fn (string $segment): array
            => [['variation' => 0, 'clauses' => [['attribute' => '', 'op' => 'segmentMatch', 'values' => [$segment], 'negate' => false]]]];
        $flags = [
            'always' => $always,
            'needs' => self::flag('needs', ['prerequisites' => [['key' => 'always', 'variation' => 0]], 'fallthrough' => ['variation' => 0]]),
            'members' => self::flag('members', ['rules' => $matches('staff')]),
            'big' => self::flag('big', ['rules' => $matches('crowd')]),
            'gone' => ['key' => 'gone', 'version' => 3, 'deleted' => true],
        ];
        foreach ($flags as $key => $flag) {
            self::$engine->put('production:features', $key, json_encode($flag, JSON_THROW_ON_ERROR));
        }
        self::$engine->put('production:features', 'null', 'null');
        $segment = ['key' => 'staff', 'version' => 1, 'included' => ['ann'], 'excluded' => [], 'salt' => '', 'rules' => [], 'deleted' => false];
        self::$engine->put('production:segments', 'staff', json_encode($segment, JSON_THROW_ON_ERROR));
        $crowd = ['key' => 'crowd', 'included' => [], 'unbounded' => true, 'unboundedContextKind' => 'user', 'generation' => 2] + $segment;
        self::$engine->put('production:segments', 'crowd', json_encode($crowd, JSON_THROW_ON_ERROR));
    }

    /** @dataProvider ways */
    public function testFlagsAreEvaluated(array $options): void
    {
        $client = $this->client($options);
        $ann = LDContext::create('ann');
        $bob = LDContext::create('bob');
        self::assertTrue($client->variation('always', $ann, 'default'));
        self::assertTrue($client->variation('needs', $ann, 'default'));
        self::assertTrue($client->variation('members', $ann, 'default'));
        self::assertFalse($client->variation('members', $bob, 'default'));
        self::assertSame('default', $client->variation('gone', $ann, 'default'));
        self::assertSame(EvaluationReason::FLAG_NOT_FOUND_ERROR, $client->variationDetail('missing', $ann)->getReason()->getErrorKind());
        $state = $client->allFlagsState($ann);
        self::assertTrue($state->isValid());
        self::assertEqualsCanonicalizing(['always', 'needs', 'members', 'big'], array_keys($state->toValuesMap()));
        self::assertSame([], $this->log->of('error'));
    }

    /** @return array<string, array{array<string, mixed>}> */
    public static function ways(): array
    {
        // APCu is none of the command line: PhpFpmTest has it, with the SDK's models.
        return [
            'as it is' => [[]],
            'prefetched' => [['prefetch' => true]],
            'with the worker\'s cache' => [['worker_cache_ttl' => 30]],
            'with a pool' => [['cache' => new Pool(), 'cache_ttl' => 30]],
        ];
    }

    public function testBigSegments(): void
    {
        $store = DynamoDb::bigSegmentsStore(self::options() + ['logger' => $this->log]);
        $client = $this->client([], ['big_segments' => new BigSegmentsConfig($store)]);
        $hash = base64_encode(hash('sha256', 'ann', true));
        self::$engine->putRow(['namespace' => ['S' => 'production:big_segments_user'], 'key' => ['S' => $hash], 'included' => ['SS' => ['crowd.g2']]]);
        $metadata = ['S' => 'production:big_segments_metadata'];
        self::$engine->putRow(['namespace' => $metadata, 'key' => $metadata, 'synchronizedOn' => ['N' => (string) (time() * 1000)]]);
        $detail = $client->variationDetail('big', LDContext::create('ann'), 'default');
        self::assertSame([true, 'HEALTHY'], [$detail->getValue(), $detail->getReason()->bigSegmentsEvaluationStatus()?->name]);
        $detail = $client->variationDetail('big', LDContext::create('bob'), 'default');
        self::assertSame([false, 'HEALTHY'], [$detail->getValue(), $detail->getReason()->bigSegmentsEvaluationStatus()?->name]);
    }

    public function testBigSegmentsThatAStoreWrites(): void
    {
        $aws = self::$engine->awsOptions();
        $credentials = ['access_key_id' => $aws['credentials']['key'], 'secret_access_key' => $aws['credentials']['secret']];
        $writer = new Store(FakeDynamoDb::TABLE, ['prefix' => 'production', 'credentials' => $credentials] + $aws);
        $changes = ['included' => ['add' => [Store::contextHash('ann')]]];
        self::assertTrue($writer->bigSegmentsApplyPatch(['segmentId' => 'crowd.g2', 'version' => 'v1', 'changes' => $changes])->isApplied());
        foreach (['STALE' => '-121 seconds', 'HEALTHY' => 'now'] as $status => $when) {
            $writer->bigSegmentsSetSynchronized(new \DateTimeImmutable($when));
            $client = $this->client([], ['big_segments' => new BigSegmentsConfig(DynamoDb::bigSegmentsStore(self::options()))]);
            $detail = $client->variationDetail('big', LDContext::create('ann'), 'default');
            self::assertSame([true, $status], [$detail->getValue(), $detail->getReason()->bigSegmentsEvaluationStatus()?->name]);
        }
    }

    public function testAnOutageGivesTheDefault(): void
    {
        self::$engine->rule(['error' => ['status' => 400, 'code' => 'AccessDeniedException', 'message' => 'no']]);
        $store = DynamoDb::bigSegmentsStore(self::options());
        $client = $this->client([], ['big_segments' => new BigSegmentsConfig($store)]);
        $detail = $client->variationDetail('always', LDContext::create('ann'), 'default');
        self::assertSame(['default', EvaluationReason::EXCEPTION_ERROR], [$detail->getValue(), $detail->getReason()->getErrorKind()]);
        self::assertFalse($client->allFlagsState(LDContext::create('ann'))->isValid());
        self::assertFalse($client->getBigSegmentStatusProvider()->status()->isAvailable());
    }

    public function testAWrongOptionLeavesTheConstructor(): void
    {
        $this->expectExceptionMessage('worker_cache_tll is not supported; did you mean worker_cache_ttl?');
        $this->client(['worker_cache_tll' => 30]);
    }

    /** @return array<string, mixed> */
    private static function options(): array
    {
        return ['dynamodb_table' => FakeDynamoDb::TABLE, 'dynamodb_prefix' => 'production', 'dynamodb_options' => self::$engine->awsOptions()];
    }

    /**
     * @param array<string, mixed> $options
     * @param array<string, mixed> $more
     */
    private function client(array $options, array $more = []): LDClient
    {
        $requester = DynamoDb::featureRequester($options + self::options());

        return new LDClient('sdk-key', $more + ['feature_requester' => $requester, 'send_events' => false, 'logger' => $this->log]);
    }

    /**
     * @param array<string, mixed> $more
     *
     * @return array<string, mixed>
     */
    private static function flag(string $key, array $more): array
    {
        return $more + [
            'key' => $key,
            'version' => 1,
            'on' => true,
            'prerequisites' => [],
            'salt' => 's',
            'targets' => [],
            'rules' => [],
            'fallthrough' => ['variation' => 1],
            'offVariation' => 1,
            'variations' => [true, false],
            'deleted' => false,
        ];
    }
}
