<?php

declare(strict_types=1);

namespace LdDynamoStore\Tests;

use LaunchDarkly\Impl\Model\FeatureFlag;
use LaunchDarkly\Impl\Model\Segment;
use LaunchDarkly\Subsystems\FeatureRequester;
use LdDynamoStore\Exception\AccessDeniedException;
use LdDynamoStore\Exception\ConnectivityException;
use LdDynamoStore\LaunchDarkly\DynamoDb;
use LdDynamoStore\LaunchDarkly\DynamoDbFeatureRequester;

/** What the SDK is given for what the table holds, and how often the table is asked. */
final class FeatureRequesterTest extends FakeDynamoDbTestCase
{
    private const FLAG = '{"key":"flag","version":7,"on":true,"prerequisites":[],"salt":"s","targets":[],"rules":[],"fallthrough":{"variation":0},'
        . '"offVariation":1,"variations":[true,false],"deleted":false}';
    private const SEGMENT = '{"key":"segment","version":5,"included":["a"],"excluded":[],"salt":"s","rules":[],"deleted":false}';

    public function testItGivesTheSdksOwnObjects(): void
    {
        self::$engine->put('p:features', 'flag', self::FLAG);
        self::$engine->put('p:segments', 'segment', self::SEGMENT);
        $requester = $this->requester(['dynamodb_prefix' => 'p']);
        $flag = $requester->getFeature('flag');
        self::assertInstanceOf(FeatureFlag::class, $flag);
        self::assertSame(['flag', 7, true, [true, false]], [$flag->getKey(), $flag->getVersion(), $flag->isOn(), $flag->getVariations()]);
        $segment = $requester->getSegment('segment');
        self::assertInstanceOf(Segment::class, $segment);
        self::assertSame(['segment', 5, ['a']], [$segment->getKey(), $segment->getVersion(), $segment->getIncluded()]);
        self::assertEquals(['flag' => $flag], $requester->getAllFeatures());
        self::assertSame([], $this->log->lines);
        self::assertSame(['GetItem' => 2, 'Query' => 1], self::$engine->requests());
    }

    public function testWhatIsMissingIsLoggedAsTheSdkDoes(): void
    {
        $requester = $this->requester();
        self::assertNull($requester->getFeature('flag'));
        self::assertNull($requester->getFeature(''));
        self::assertNull($requester->getSegment('segment'));
        self::assertSame([], $requester->getAllFeatures());
        self::assertSame(
            [
                'warning: FeatureRequester: Attempted to get missing feature with key: flag',
                'warning: FeatureRequester: Attempted to get missing feature with key: ',
                'warning: FeatureRequester: Attempted to get missing segment with key: segment',
            ],
            $this->log->lines,
        );
    }

    /** @dataProvider tombstones */
    public function testTombstonesOfAnySdkAreAbsent(string $tombstone): void
    {
        self::$engine->put('features', 'flag', self::FLAG);
        self::$engine->put('features', 'gone', $tombstone);
        self::$engine->put('segments', 'gone', $tombstone);
        $requester = $this->requester();
        self::assertNull($requester->getFeature('gone'));
        self::assertNull($requester->getSegment('gone'));
        self::assertSame([], $this->log->of('error'));
        $this->log->lines = [];
        self::assertSame(['flag'], array_keys((array) $requester->getAllFeatures()));
        self::assertSame([], $this->log->lines);
    }

    /** @return array<string, array{string}> */
    public static function tombstones(): array
    {
        return [
            'Java and .NET' => ['null'],
            'Node, Python and Ruby' => ['{"key":"gone","version":2,"deleted":true}'],
            'Haskell' => ['{"version":2,"deleted":true}'],
            'Go' => ['{"key":"$deleted","on":false,"version":2,"deleted":true,"variations":[]}'],
            'empty' => [''],
        ];
    }

    public function testADamagedRowIsLoggedAndTheOthersAreServed(): void
    {
        $damaged = [
            'no-json' => '{"key":',
            'no-object' => '[]',
            'too-deep' => '{"version":1,"key":"too-deep \\" } ]","variations":' . str_repeat('[', 100000) . str_repeat(']', 100000) . '}',
            'no-flag' => '{"version":1,"key":"no-flag","on":"perhaps"}',
            'no-rule' => '{"version":1,"key":"no-rule","rules":7}',
        ];
        self::$engine->put('features', 'flag', self::FLAG);
        self::$engine->put('features', 'more " } ]', str_replace('"key":"flag"', '"key":"more \\" } ]"', self::FLAG));
        foreach ($damaged as $key => $item) {
            self::$engine->put('features', $key, $item);
        }
        $requester = $this->requester();
        $alone = [];
        foreach (array_keys($damaged) as $key) {
            if ($requester->getFeature($key) === null) {
                $alone[] = $key;
            }
        }
        self::assertSame(array_keys($damaged), $alone);
        foreach (['no-json', 'no-object', 'too-deep', 'no-flag', 'no-rule'] as $key) {
            self::assertCount(1, preg_grep("/^error: .*\"?$key\"?/", $this->log->lines) ?: [], $key . print_r($this->log->lines, true));
        }
        self::assertStringContainsString('the item "too-deep" in "features" cannot be decoded', implode("\n", $this->log->of('error')));
        $this->log->lines = [];
        $flags = (array) $requester->getAllFeatures();
        self::assertSame(['flag', 'more " } ]'], array_keys($flags));
        self::assertSame('more " } ]', $flags['more " } ]']->getKey());
        self::assertGreaterThanOrEqual(4, count($this->log->of('error')));
    }

    public function testWhatAWriterLeavesOutIsTheDefault(): void
    {
        self::$engine->put('features', 'small', '{"variations":[1,null],"targets":null,"on":null,"salt":null,"version":null,"fallthrough":null}');
        self::$engine->put('segments', 'small', '{"version":1,"rules":null,"salt":null,"included":null}');
        $requester = $this->requester();
        $flag = $requester->getFeature('small');
        self::assertSame(['small', false, [1, null]], [$flag?->getKey(), $flag?->isOn(), $flag?->getVariations()]);
        self::assertSame('small', $requester->getSegment('small')?->getKey());
        self::assertSame([], $this->log->lines);
    }

    public function testTheDefaultsAreThoseOfTheSdk(): void
    {
        $model = new \ReflectionMethod(DynamoDbFeatureRequester::class, 'model');
        $decoded = fn (string $kind, string $name): object => $model->invoke($this->requester(), static fn (array $item): object => (object) $item, $kind, 'a', [], $name);
        self::assertEquals(
            (object) [
                'key' => 'a', 'version' => 0, 'on' => false, 'prerequisites' => [], 'salt' => '', 'targets' => [], 'rules' => [], 'fallthrough' => [],
                'offVariation' => null, 'variations' => [], 'deleted' => false,
            ],
            $decoded('features', 'feature'),
        );
        self::assertEquals(
            (object) ['key' => 'a', 'version' => 0, 'included' => [], 'excluded' => [], 'salt' => '', 'rules' => [], 'deleted' => false],
            $decoded('segments', 'segment'),
        );
    }

    public function testWhatAnotherPartOfTheProgramThrowsIsNotTakenForADamagedRow(): void
    {
        $requester = $this->requester();
        $model = new \ReflectionMethod($requester, 'model');
        $thrown = [new \ErrorException('a warning'), new \TypeError('a type')];
        foreach ($thrown as $failure) {
            self::assertNull($model->invoke($requester, static fn (): object => throw $failure, 'features', 'flag', [], 'feature'));
        }
        self::assertCount(2, $this->log->of('error'));
        $this->expectException(\DomainException::class);
        $model->invoke($requester, static fn (): object => throw new \DomainException(), 'features', 'flag', [], 'feature');
    }

    public function testLinesOfTheLogAreBounded(): void
    {
        $damaged = str_repeat('é', 400);
        self::$engine->put('features', $damaged, '{"version":1,"rules":7}');
        self::$engine->put('features', "two\nlines", '{"version":1,"deleted":true}');
        $requester = $this->requester();
        foreach ([$damaged, 'x' . $damaged, "two\nlines"] as $key) {
            self::assertNull($requester->getFeature($key));
        }
        self::assertCount(3, $this->log->lines);
        foreach ($this->log->lines as $line) {
            $text = explode(': ', $line, 2)[1];
            self::assertLessThanOrEqual(300, strlen($text));
            self::assertMatchesRegularExpression('/^[^\n]+$/Du', $text);
        }
        self::assertStringEndsWith('with key: two lines', $line);
    }

    public function testKeysThatAreNumbers(): void
    {
        self::$engine->put('features', '12', str_replace('"key":"flag"', '"key":"12"', self::FLAG));
        foreach ([true, false] as $prefetch) {
            $requester = $this->requester(['prefetch' => $prefetch]);
            self::assertSame('12', $requester->getFeature('12')?->getKey());
            self::assertSame('12', ((array) $requester->getAllFeatures())['12']->getKey());
        }
    }

    public function testATableThatCannotBeAskedIsAnExceptionOfItsCause(): void
    {
        self::$engine->rule(['error' => ['status' => 400, 'code' => 'AccessDeniedException', 'message' => 'no']]);
        $requester = $this->requester();
        foreach ([$requester->getFeature(...), $requester->getSegment(...)] as $read) {
            try {
                $read('flag');
                self::fail('no exception');
            } catch (AccessDeniedException $exception) {
                self::assertSame('AccessDeniedException', $exception->serviceCode);
            }
        }
        self::assertNull($requester->getAllFeatures());
        self::assertStringContainsString('all flags could not be read: ', $this->log->of('error')[0] ?? '');
    }

    public function testNothingIsSentBeforeTheFirstRead(): void
    {
        $options = ['endpoint' => 'http://127.0.0.1:9'] + self::$engine->awsOptions();
        $requester = $this->requester(['dynamodb_options' => $options]);
        $this->expectException(ConnectivityException::class);
        $requester->getFeature('flag');
    }

    public function testRequestersShareConnections(): void
    {
        self::$engine->put('features', 'flag', self::FLAG);
        for ($request = 0; $request < 3; $request++) {
            self::assertNotNull($this->requester(['store_options' => ['max_concurrency' => 3]])->getFeature('flag'));
        }
        self::assertSame(1, self::$engine->connections());
        self::assertSame(['GetItem' => 3], self::$engine->requests());
    }

    /** @dataProvider caches */
    public function testACacheServesWhatWasRead(callable $makeOptions): void
    {
        self::$engine->put('features', 'flag', self::FLAG);
        self::$engine->put('segments', 'segment', self::SEGMENT);
        $options = $makeOptions();
        for ($request = 0; $request < 2; $request++) {
            $requester = $this->requester($options);
            self::assertSame('flag', $requester->getFeature('flag')?->getKey());
            self::assertNull($requester->getFeature('missing'));
            self::assertNull($requester->getFeature(''));
            self::assertSame('segment', $requester->getSegment('segment')?->getKey());
            self::assertSame(['flag'], array_keys((array) $requester->getAllFeatures()));
            self::assertNull($requester->getFeature('$all'));
        }
        self::assertEqualsCanonicalizing(['GetItem' => 4, 'Query' => 1], self::$engine->requests());
        $other = $this->requester(['dynamodb_prefix' => 'other'] + $options);
        self::assertNull($other->getFeature('flag'));
        self::assertSame([], $other->getAllFeatures());
    }

    /** @return array<string, array{callable(): array<string, mixed>}> */
    public static function caches(): array
    {
        $pool = new Pool();

        // APCu is none of the command line: PhpFpmTest has it.
        return [
            'PSR-6' => [static fn () => ['cache' => $pool, 'cache_ttl' => 60]],
            'the worker\'s' => [static fn () => ['worker_cache_ttl' => 61.5]],
        ];
    }

    public function testAPoolIsToldTheTime(): void
    {
        foreach ([60, null] as $seconds) {
            $pool = new Pool();
            $this->requester(['cache' => $pool, 'cache_ttl' => $seconds])->getFeature('flag');
            self::assertSame([$seconds], $pool->times);
        }
    }

    public function testWithoutACacheEveryReadAsks(): void
    {
        $requester = $this->requester();
        self::$engine->put('features', 'flag', self::FLAG);
        self::assertSame(7, $requester->getFeature('flag')?->getVersion());
        self::$engine->put('features', 'flag', str_replace('7', '8', self::FLAG));
        self::assertSame(8, $requester->getFeature('flag')?->getVersion());
    }

    public function testPrefetchReadsAKindOnce(): void
    {
        self::$engine->put('features', 'flag', self::FLAG);
        self::$engine->put('segments', 'segment', self::SEGMENT);
        $requester = $this->requester(['prefetch' => true]);
        self::assertSame([], self::$engine->requests());
        self::assertSame('flag', $requester->getFeature('flag')?->getKey());
        self::assertNull($requester->getFeature('missing'));
        self::assertSame(['flag'], array_keys((array) $requester->getAllFeatures()));
        self::assertSame(['Query' => 1], self::$engine->requests());
        self::assertSame('segment', $requester->getSegment('segment')?->getKey());
        self::assertSame(['Query' => 2], self::$engine->requests());
    }

    public function testPrefetchedItemsAreNotKeptForEver(): void
    {
        self::$engine->put('features', 'flag', self::FLAG);
        $requester = $this->requester(['prefetch' => true]);
        $requester->getFeature('flag');
        self::$engine->put('features', 'flag', str_replace('7', '8', self::FLAG));
        self::assertSame(7, $requester->getFeature('flag')?->getVersion());
        $prefetched = new \ReflectionProperty($requester, 'prefetched');
        $kinds = $prefetched->getValue($requester);
        self::assertEqualsWithDelta(hrtime(true) / 1e9 + 15, $kinds['features'][0], 5);
        $kinds['features'][0] -= 20;
        $prefetched->setValue($requester, $kinds);
        self::assertSame(8, $requester->getFeature('flag')?->getVersion());
    }

    public function testTheLibrarysMessagesReachTheLogger(): void
    {
        $this->requester(['dynamodb_prefix' => 'p:'])->getFeature('flag');
        self::assertStringContainsString('and the store adds one', $this->log->of('warning')[0] ?? '');
    }

    public function testTheSdkMayMakeItByItsName(): void
    {
        self::$engine->put('features', 'flag', self::FLAG);
        $requester = new DynamoDbFeatureRequester('', 'sdk-key', ['dynamodb_table' => FakeDynamoDb::TABLE, 'dynamodb_options' => self::$engine->awsOptions()]);
        self::assertSame('flag', $requester->getFeature('flag')?->getKey());
        self::assertNull($requester->getFeature('missing'));
    }

    public function testAWorkerThatServesManyRequestsKeepsItsMemory(): void
    {
        self::$engine->put('features', 'flag', self::FLAG);
        $requests = function (int $times): int {
            for ($request = 0; $request < $times; $request++) {
                $this->requester()->getFeature('flag');
                $this->requester()->getFeature('missing');
                $this->log->lines = [];
            }
            preg_match('/^VmRSS:\s+(\d+) kB$/m', (string) file_get_contents('/proc/self/status'), $found);

            return (int) $found[1];
        };
        $before = $requests(500);
        self::assertLessThan(1024, $requests(2000) - $before);
    }

    /** @param array<string, mixed> $options */
    private function requester(array $options = []): FeatureRequester
    {
        $factory = DynamoDb::featureRequester($options + ['dynamodb_table' => FakeDynamoDb::TABLE, 'dynamodb_options' => self::$engine->awsOptions()]);

        return $factory('https://sdk.launchdarkly.com', 'sdk-key', ['logger' => $this->log, 'timeout' => 3, 'cache' => null, 'capacity' => 1000]);
    }
}
