<?php

declare(strict_types=1);

namespace LdDynamoStore\Tests;

use LdDynamoStore\Exception\ConfigurationException;
use LdDynamoStore\Exception\LibraryNotFoundException;
use LdDynamoStore\Exception\ReadOnlyException;
use LdDynamoStore\Exception\UnsupportedOptionException;
use LdDynamoStore\LaunchDarkly\AdapterOptions;
use LdDynamoStore\LaunchDarkly\DynamoDb;
use PHPUnit\Framework\TestCase;

/** Every option of LaunchDarkly's own store, and of the AWS SDK's client, works or is refused with a reason. */
final class AdapterOptionsTest extends TestCase
{
    /**
     * @param array<string, mixed> $options
     *
     * @dataProvider refusals
     */
    public function testWhatHasNoCounterpartIsRefused(array $options, string $message): void
    {
        try {
            DynamoDb::featureRequester($options + ['dynamodb_table' => 'flags'])('', '', []);
            self::fail('no exception');
        } catch (UnsupportedOptionException $exception) {
            self::assertSame($message, $exception->getMessage());
        }
    }

    /** @return array<string, array{array<string, mixed>, string}> */
    public static function refusals(): array
    {
        $aws = static fn (array $options): array => ['dynamodb_options' => $options];
        $lasting = ': only stores whose credentials last are shared';
        $shared = ': only shared stores keep what they read over requests';
        $client = AwsSdk::client('http://127.0.0.1:9', static fn () => throw new \LogicException('nobody asks'));
        $expiring = AwsSdk::credentials(expiration: 4102444800);
        $expires = "worker_cache_ttl is not supported with credentials that expire or that a provider finds; give some that last, or none$shared";

        return [
            'a slip' => [['dynamodb_tabel' => 'flags'], 'dynamodb_tabel is not supported; did you mean dynamodb_table?'],
            'the slip of the official documentation' => [['dynamo_client' => new \stdClass()], 'dynamo_client is not supported; did you mean dynamodb_client?'],
            'half a name' => [['prefix' => 'p'], 'prefix is not supported; give dynamodb_prefix'],
            'an option of the client' => [['region' => 'eu-west-1'], 'region is not supported; give it in dynamodb_options'],
            'an option of the store' => [['stale_on_error' => true], 'stale_on_error is not supported; options of the library go into store_options'],
            'two clients' => [
                ['dynamodb_client' => new \stdClass(), 'dynamodb_options' => ['region' => 'a']],
                'dynamodb_options is not supported together with dynamodb_client; leave one out',
            ],
            'no client' => [
                ['dynamodb_client' => new \stdClass()],
                'dynamodb_client (stdClass) is not supported; give an Aws\DynamoDb\DynamoDbClient, or dynamodb_options',
            ],
            'two caches' => [
                ['worker_cache_ttl' => 1, 'cache' => new Pool()],
                'worker_cache_ttl is not supported together with cache; leave one out',
            ],
            'two caches, APCu' => [
                ['worker_cache_ttl' => 1, 'apc_expiration' => 5],
                'worker_cache_ttl is not supported together with apc_expiration; leave one out',
            ],
            'no pool' => [['cache' => new \stdClass()], 'cache (stdClass) is not supported; give a Psr\Cache\CacheItemPoolInterface'],
            'no logger' => [['logger' => 'error_log'], 'logger (string) is not supported; give a Psr\Log\LoggerInterface'],
            'the time of no pool' => [['cache_ttl' => 5], 'cache_ttl is not supported without cache; give a PSR-6 pool as cache, or apc_expiration'],
            'the cache of a store that is not shared, with a client' => [
                ['worker_cache_ttl' => 1, 'dynamodb_client' => $client],
                'worker_cache_ttl is not supported together with dynamodb_client; give dynamodb_options' . $shared,
            ],
            'the same with a provider' => [['worker_cache_ttl' => 1] + $aws(['credentials' => static fn () => []]), $expires],
            'the same with a provider among the options of the store' => [['worker_cache_ttl' => 1, 'store_options' => ['credentials' => static fn () => []]], $expires],
            'the same with credentials that expire' => [['worker_cache_ttl' => 1] + $aws(['credentials' => $expiring]), $expires],
            'the same on purpose' => [
                ['worker_cache_ttl' => 0.5, 'store_options' => ['share' => false]],
                'worker_cache_ttl is not supported with share false; leave that out of store_options' . $shared,
            ],
            'a shared store with a client' => [
                ['store_options' => ['share' => true], 'dynamodb_client' => $client],
                'store_options: share true is not supported together with dynamodb_client; give dynamodb_options' . $lasting,
            ],
            'a shared store with a provider' => [
                ['store_options' => ['share' => true]] + $aws(['credentials' => static fn () => []]),
                'store_options: share true is not supported with credentials that expire or that a provider finds; give some that last, or none' . $lasting,
            ],
            'for ever' => [['worker_cache_ttl' => -1], 'worker_cache_ttl is not supported below 0; a worker that only reads would never see a change'],
            'the cache of the store' => [
                ['store_options' => ['cache_ttl_ms' => 5]],
                'store_options: cache_ttl_ms is not supported; give worker_cache_ttl, in seconds',
            ],
            'handler' => [
                $aws(['handler' => 'strlen']),
                'dynamodb_options: handler is not supported; leave it out: the AWS SDK for PHP sends nothing here',
            ],
            'unknown' => [$aws(['colour' => false]), 'dynamodb_options: colour is not supported; leave it out: this store has no counterpart'],
            'boto3\'s name' => [$aws(['endpoint_url' => 'x']), 'dynamodb_options: endpoint_url is not supported; give the address as endpoint'],
            'version' => [$aws(['version' => '2011-12-05']), 'dynamodb_options: version is not supported; leave it out: the version is "2012-08-10"'],
            'scheme' => [$aws(['scheme' => 'http']), 'dynamodb_options: scheme http is not supported; give endpoint with "http://"'],
            'no signature' => [
                $aws(['credentials' => false]),
                'dynamodb_options: credentials (bool) is not supported; requests are always signed; a local engine takes any credentials',
            ],
            'other names of keys' => [
                $aws(['credentials' => ['access_key_id' => 'a', 'secret' => 'hidden']]),
                'dynamodb_options: another name in credentials is not supported; give key, secret and token',
            ],
            'expiry' => [
                $aws(['credentials' => ['key' => 'a', 'secret' => 'hidden', 'expires' => 5]]),
                'dynamodb_options: credentials.expires is not supported; give a credential provider, which is asked again before they expire',
            ],
            'no verification' => [
                $aws(['http' => ['verify' => false]]),
                'dynamodb_options: http.verify false is not supported; give the file of root certificates as http.verify',
            ],
            'no verification of an https endpoint' => [
                $aws(['endpoint' => '127.0.0.1', 'http' => ['verify' => false]]),
                'dynamodb_options: http.verify false is not supported; give the file of root certificates as http.verify',
            ],
            'another verification' => [
                $aws(['http' => ['verify' => 1]]),
                'dynamodb_options: http.verify (int) is not supported; give the file of root certificates as http.verify',
            ],
            'proxy exceptions' => [
                $aws(['http' => ['proxy' => ['no' => ['a']]]]),
                'dynamodb_options: http.proxy.no is not supported; give the environment variable NO_PROXY',
            ],
            'http' => [$aws(['http' => ['stream' => true]]), 'dynamodb_options: http.stream is not supported; leave it out: this store has no counterpart'],
            'retry mode' => [
                $aws(['retries' => ['mode' => 'legacy']]),
                'dynamodb_options: retries.mode "legacy" is not supported; give "standard" or "adaptive"',
            ],
            'shared files' => [
                $aws(['use_aws_shared_config_files' => false]),
                'dynamodb_options: use_aws_shared_config_files is not supported; give region, credentials and endpoint: then the files have no say in them',
            ],
        ];
    }

    /**
     * @param array<string, mixed> $options
     *
     * @dataProvider wrongTypes
     */
    public function testWhatHasTheWrongTypeIsNamed(array $options, string $message): void
    {
        $this->expectException(UnsupportedOptionException::class);
        $this->expectExceptionMessage($message);
        DynamoDb::featureRequester($options + ['dynamodb_table' => 'flags'])('', '', []);
    }

    /** @return array<string, array{array<string, mixed>, string}> */
    public static function wrongTypes(): array
    {
        return [
            'no table' => [['dynamodb_table' => null], 'dynamodb_table must be specified'],
            'empty table' => [['dynamodb_table' => ''], 'dynamodb_table must be specified'],
            'prefix' => [['dynamodb_prefix' => 5], 'dynamodb_prefix must be string, not int'],
            'prefetch' => [['prefetch' => 'yes'], 'prefetch must be bool, not string'],
            'no number' => [['worker_cache_ttl' => NAN], 'worker_cache_ttl must be a finite number, not NAN'],
            'infinity' => [['apc_expiration' => INF], 'apc_expiration must be a finite number, not INF'],
            'a time-out that is no number' => [['dynamodb_options' => ['http' => ['timeout' => NAN]]], 'http.timeout must be a number of seconds, not NAN'],
            'an infinite time-out' => [['dynamodb_options' => ['http' => ['connect_timeout' => INF]]], 'http.connect_timeout must be a number of seconds, not INF'],
            'scheme' => [['dynamodb_options' => ['scheme' => ['http']]], 'dynamodb_options: scheme must be string, not array'],
            'scheme of an endpoint' => [['dynamodb_options' => ['endpoint' => 'a', 'scheme' => ['http']]], 'dynamodb_options: scheme must be string, not array'],
            'cache_ttl' => [['cache' => new Pool(), 'cache_ttl' => 'long'], 'cache_ttl must be int, not string'],
            'ages' => [['worker_cache_ttl' => 1e300], 'worker_cache_ttl must be at most 3153600000 seconds'],
            'ages in APCu' => [['apc_expiration' => '1e300'], 'apc_expiration must be at most 3153600000 seconds'],
            'ages in a pool' => [['cache' => new Pool(), 'cache_ttl' => PHP_INT_MAX], 'cache_ttl must be at most 3153600000 seconds'],
            'ages of a request' => [
                ['dynamodb_options' => ['http' => ['timeout' => 1e300]]],
                'dynamodb_options: http.timeout must be at most 3153600000 seconds; 0 is no limit',
            ],
            'options' => [['dynamodb_options' => 'region'], 'dynamodb_options must be array, not string'],
            'time-out' => [['dynamodb_options' => ['http' => ['timeout' => 'long']]], 'dynamodb_options: http.timeout must be a number of seconds, not string'],
            'no secret' => [['dynamodb_options' => ['credentials' => ['key' => 'a']]], 'dynamodb_options: credentials has no secret'],
        ];
    }

    /**
     * @param array<string, mixed> $options
     *
     * @dataProvider longNames
     */
    public function testNamesInMessagesAreBounded(array $options): void
    {
        try {
            DynamoDb::featureRequester($options + ['dynamodb_table' => 'flags'])('', '', []);
            self::fail('no exception');
        } catch (UnsupportedOptionException $exception) {
            self::assertLessThanOrEqual(300, strlen($exception->getMessage()));
            self::assertMatchesRegularExpression('/^[^\n]*two lines[^\n]*… is not supported; [^\n]+$/Du', $exception->getMessage());
        }
    }

    /** @return array<string, array{array<string, mixed>}> */
    public static function longNames(): array
    {
        $long = "two\nlines" . str_repeat('é', 400);
        $aws = static fn (array $options): array => [['dynamodb_options' => $options]];

        return [
            'an option' => [[$long => 1]],
            'a setting' => $aws([$long => 1]),
            'http' => $aws(['http' => [$long => 1]]),
            'retries' => $aws(['retries' => [$long => 1]]),
            'a scheme' => $aws(['scheme' => $long]),
        ];
    }

    public function testMessagesAreBounded(): void
    {
        // A class may have any name.
        self::assertSame(300, strlen((new UnsupportedOptionException(str_repeat('x', 301)))->getMessage()));
    }

    public function testANameMayBeTheSecret(): void
    {
        foreach ([['credentials' => ['hunter2' => 'secret']], ['http' => ['proxy' => ['http://user:hunter2@proxy.test' => '']]]] as $options) {
            try {
                DynamoDb::bigSegmentsStore(['dynamodb_table' => 'flags', 'dynamodb_options' => $options]);
                self::fail('no exception');
            } catch (UnsupportedOptionException $exception) {
                self::assertMatchesRegularExpression('/^dynamodb_options: another name in .* is not supported; give /', $exception->getMessage());
                self::assertStringNotContainsString('hunter2', $exception->getMessage());
            }
        }
    }

    public function testTheOptionLibraryNamesTheLibrary(): void
    {
        $this->expectException(LibraryNotFoundException::class);
        $this->expectExceptionMessage('the argument library names /nowhere.so');
        DynamoDb::bigSegmentsStore(['dynamodb_table' => 'flags', 'library' => '/nowhere.so']);
    }

    public function testPartsOfAMillisecondAreWholeOnes(): void
    {
        foreach ([[0.5, 500], [0.0001, 1], [0, 0]] as [$seconds, $milliseconds]) {
            $options = AdapterOptions::of(['dynamodb_table' => 'flags', 'worker_cache_ttl' => $seconds]);
            $settings = (new \ReflectionProperty($options, 'settings'))->getValue($options);
            self::assertSame([$milliseconds, true], [$settings['cache_ttl_ms'], $settings['share']]);
        }
    }

    public function testTheLibraryChecksWhatIsHandedOn(): void
    {
        foreach ([['dynamodb_options' => ['region' => 5]], ['store_options' => ['colour' => 1]], ['dynamodb_table' => 'no/table']] as $options) {
            try {
                DynamoDb::featureRequester($options + ['dynamodb_table' => 'flags'])('', '', []);
                self::fail('no exception');
            } catch (ConfigurationException $exception) {
                self::assertMatchesRegularExpression('/region|colour|table/', $exception->getMessage());
            }
        }
    }

    public function testOptionsMayStandInThoseOfTheClient(): void
    {
        $engine = new FakeDynamoDb();
        $requester = DynamoDb::featureRequester()('', '', [
            'dynamodb_table' => FakeDynamoDb::TABLE,
            'dynamodb_options' => $engine->awsOptions(),
            'timeout' => 3,
            'cache' => new \stdClass(),
            'cache_ttl' => 5,
        ]);
        self::assertNull($requester->getFeature('flag'));
        $pool = new Pool();
        $options = ['dynamodb_table' => FakeDynamoDb::TABLE, 'dynamodb_options' => $engine->awsOptions(), 'cache_ttl' => 5];
        self::assertNull(DynamoDb::featureRequester($options)('', '', ['cache' => $pool])->getFeature('flag'));
        self::assertSame([5], $pool->times);
        $engine->stop();
        $this->expectException(UnsupportedOptionException::class);
        $this->expectExceptionMessage('dynamodb_perfix is not supported; did you mean dynamodb_prefix?');
        DynamoDb::featureRequester()('', '', ['dynamodb_table' => 'flags', 'dynamodb_perfix' => 'p']);
    }

    public function testBigSegmentsAreCachedByTheSdk(): void
    {
        $this->expectException(UnsupportedOptionException::class);
        $this->expectExceptionMessage('cache is not supported; leave it out: BigSegmentsConfig has a cache');
        DynamoDb::bigSegmentsStore(['dynamodb_table' => 'flags', 'cache' => new Pool()]);
    }

    public function testOptionsOfTheStoreWin(): void
    {
        $engine = new FakeDynamoDb();
        $options = ['dynamodb_options' => ['endpoint' => 'http://127.0.0.1:9'] + $engine->awsOptions(), 'store_options' => ['endpoint' => $engine->address]];
        self::assertSame([], DynamoDb::featureRequester($options + ['dynamodb_table' => FakeDynamoDb::TABLE])('', '', [])->getAllFeatures());
        $engine->stop();
    }

    public function testTheTableIsNeverWritten(): void
    {
        $this->expectException(ReadOnlyException::class);
        AdapterOptions::of(['dynamodb_table' => 'flags', 'dynamodb_options' => ['region' => 'us-east-1', 'endpoint' => 'http://127.0.0.1:9']])->openStore()->init('{}');
    }

    public function testOptionsThatAreNullCountAsAbsent(): void
    {
        $options = array_fill_keys(AdapterOptions::OF_FEATURES, null);
        $this->expectExceptionMessage('dynamodb_table must be specified');
        DynamoDb::featureRequester($options)('', '', []);
    }
}
