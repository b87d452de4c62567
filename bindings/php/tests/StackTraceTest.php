<?php

declare(strict_types=1);

namespace LdDynamoStore\Tests;

use LdDynamoStore\Exception\UnreachableException;
use LdDynamoStore\LaunchDarkly\DynamoDb;
use LdDynamoStore\LaunchDarkly\DynamoDbFeatureRequester;
use LdDynamoStore\Store;
use PHPUnit\Framework\TestCase;

/** What a page or a log that prints an exception with the arguments of its trace, as PHP without a php.ini does, must not find there. */
final class StackTraceTest extends TestCase
{
    private const SECRET = 'hunter2';

    private string $ignores;

    protected function setUp(): void
    {
        $this->ignores = (string) ini_set('zend.exception_ignore_args', '0');
    }

    protected function tearDown(): void
    {
        ini_set('zend.exception_ignore_args', $this->ignores);
    }

    public function testAnExceptionMayBeDumped(): void
    {
        $code = 'require $argv[1] . "/autoload.php"; $options = json_decode($argv[2], true);'
            . 'try { (new LdDynamoStore\Store("flags", $options))->get("features", "flag"); }'
            . 'catch (LdDynamoStore\Exception\UnreachableException $failure) { ob_start(); var_dump($failure); ob_end_clean(); echo "dumped"; }';
        $ffi = extension_loaded('ffi') && is_file(ini_get('extension_dir') . '/ffi.so') ? ['-d', 'extension=ffi'] : [];
        $command = [PHP_BINARY, '-n', ...$ffi, '-d', 'ffi.enable=1', '-r', $code, dirname(__DIR__), json_encode(self::unreachable(), JSON_THROW_ON_ERROR)];
        $process = proc_open($command, [1 => ['pipe', 'w'], 2 => ['redirect', 1]], $pipes);
        self::assertNotFalse($process);
        $said = stream_get_contents($pipes[1]);
        self::assertSame([0, 'dumped'], [proc_close($process), $said]);
    }

    /** Else the tests below would find nothing in any trace. */
    public function testWhatIsNotHiddenIsKept(): void
    {
        $fail = static fn (string $given): never => throw new \RuntimeException();
        try {
            $fail(self::SECRET);
        } catch (\RuntimeException $failure) {
            self::assertSame([self::SECRET], $failure->getTrace()[0]['args'] ?? []);
        }
    }

    public function testNoAddressIsKept(): void
    {
        try {
            (new Store('flags', self::unreachable()))->get('features', 'flag');
            self::fail('no exception');
        } catch (UnreachableException $failure) {
            $calls = array_values(array_filter($failure->getTrace(), static fn (array $call): bool => $call['function'] === 'callNative'));
            self::assertCount(1, $calls);
            self::assertNotSame([], $calls[0]['args']);
            foreach ($calls[0]['args'] as $argument) {
                // PHP 8.2 hides what is sensitive, and 8.1 does not.
                $given = is_object($argument) && method_exists($argument, 'getValue') ? $argument->getValue() : $argument;
                self::assertStringNotContainsString('FFI', print_r(array_map(get_debug_type(...), (array) $given), true));
            }
        }
    }

    /**
     * @requires PHP 8.2
     *
     * @dataProvider failures
     */
    public function testTheSecretIsNotKept(callable $fail): void
    {
        try {
            $fail();
        } catch (\Exception $failure) {
            for ($cause = $failure; $cause !== null; $cause = $cause->getPrevious()) {
                self::assertStringNotContainsString(self::SECRET, $cause->getMessage());
                foreach ($cause->getTrace() as $call) {
                    // The tests' own functions are not the package's.
                    if (str_starts_with($call['class'] ?? '', __NAMESPACE__) || str_starts_with($call['class'] ?? '', 'PHPUnit')) {
                        break;
                    }
                    $where = ($call['class'] ?? '') . "::{$call['function']}";
                    self::assertFalse(str_contains(print_r($call['args'] ?? [], true), self::SECRET), $where);
                }
            }

            return;
        }
        self::fail('no exception');
    }

    /** @return array<string, array{callable(): mixed}> */
    public static function failures(): array
    {
        $keys = ['access_key_id' => 'a', 'secret_access_key' => self::SECRET];
        $aws = ['credentials' => ['key' => 'a', 'secret' => self::SECRET], 'region' => 'us-east-1'];
        $features = static fn (array $options): mixed => DynamoDb::featureRequester($options + ['dynamodb_table' => 'flags'])('', self::SECRET, []);
        $of = static fn (array $more): callable => static fn (): mixed => $features(['dynamodb_options' => $more + $aws]);

        return array_map(static fn (callable $fail): array => [$fail], [
            'a store' => static fn () => new Store('no/table', ['credentials' => $keys]),
            'a store that PHP cannot encode' => static fn () => new Store("\xff", ['credentials' => $keys]),
            'a store without a library' => static fn () => new Store('flags', ['credentials' => $keys], '/nowhere.so'),
            'a store from JSON' => static fn () => Store::fromJson(json_encode(['table' => 'no/table', 'credentials' => $keys], JSON_THROW_ON_ERROR)),
            'a NUL character' => static fn () => Store::fromJson(self::SECRET . "\0"),
            'pushed credentials' => static fn () => (new Store('flags', ['credentials' => 'pushed']))->setCredentials(['colour' => 1] + $keys),
            'found credentials' => static fn () => (new Store('flags', ['credentials' => static fn () => ['colour' => 1] + $keys]))->get('features', 'flag'),
            'found credentials that PHP cannot encode' => static fn () =>
                (new Store('flags', ['credentials' => static fn () => ['session_token' => "\xff"] + $keys]))->get('features', 'flag'),
            'found credentials with no time' => static fn () =>
                (new Store('flags', ['credentials' => static fn () => ['expires_ms' => 'never'] + $keys]))->get('features', 'flag'),
            'a table' => static fn () => $features(['dynamodb_table' => 'no/table', 'dynamodb_options' => $aws]),
            'a slip' => static fn () => $features(['dynamodb_tabel' => 'flags', 'dynamodb_options' => $aws]),
            'a type' => static fn () => $features(['prefetch' => 'yes', 'dynamodb_options' => $aws]),
            'a cache' => static fn () => $features(['worker_cache_ttl' => -1, 'dynamodb_options' => $aws]),
            'no cache' => static fn () => $features(['cache' => 'a', 'dynamodb_options' => $aws]),
            'an option of the AWS SDK' => $of(['colour' => 1]),
            'credentials' => $of(['credentials' => ['secret' => self::SECRET]]),
            'a name in credentials' => $of(['credentials' => ['secret' => self::SECRET, 'colour' => 1]]),
            'a secret for a name' => $of(['credentials' => [self::SECRET => 'a']]),
            'the end of a long name' => $of([str_repeat('x', 100) . self::SECRET => 1]),
            'a client without signatures' => static fn () => $features([
                'dynamodb_client' => AwsSdk::client(self::SECRET, static fn () => null, ['signature_version' => 'anonymous']),
            ]),
            'the time of no cache' => static fn () => $features(['cache_ttl' => 5, 'dynamodb_options' => $aws]),
            'the time of no cache, the secret among the options of the client' => static fn () =>
                DynamoDb::featureRequester(['cache_ttl' => 5])('', self::SECRET, ['dynamodb_table' => 'flags', 'dynamodb_options' => $aws]),
            'a time-out' => $of(['http' => ['timeout' => 'long']]),
            'a proxy' => $of(['http' => ['proxy' => ['no' => 'http://user:' . self::SECRET . '@proxy.test']]]),
            'a scheme' => $of(['endpoint' => '127.0.0.1', 'scheme' => ['http']]),
            'retries' => $of(['retries' => ['mode' => 'legacy']]),
            'options of the store' => static fn () => $features(['store_options' => ['table' => 'a', 'credentials' => $keys]]),
            'options of the client' => static fn () =>
                DynamoDb::featureRequester()('', self::SECRET, ['dynamodb_table' => 'flags', 'dynamodb_perfix' => 'p', 'dynamodb_options' => $aws]),
            'a class name' => static fn () => new DynamoDbFeatureRequester('', self::SECRET, ['dynamodb_table' => 'no/table', 'dynamodb_options' => $aws]),
            'Big Segments' => static fn () => DynamoDb::bigSegmentsStore(['dynamodb_table' => 'no/table', 'dynamodb_options' => $aws]),
        ]);
    }

    /** @return array<string, mixed> */
    private static function unreachable(): array
    {
        return [
            'endpoint' => 'http://127.0.0.1:9',
            'region' => 'us-east-1',
            'max_attempts' => 1,
            'credentials' => ['access_key_id' => 'local', 'secret_access_key' => 'local'],
        ];
    }
}
