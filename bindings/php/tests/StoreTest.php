<?php

declare(strict_types=1);

namespace LdDynamoStore\Tests;

use LdDynamoStore\Exception\ConfigurationException;
use LdDynamoStore\Exception\InvalidItemException;
use LdDynamoStore\Exception\InvalidJsonException;
use LdDynamoStore\Exception\InvalidKeyException;
use LdDynamoStore\Exception\InvalidKindException;
use LdDynamoStore\Exception\InvalidUtf8Exception;
use LdDynamoStore\Exception\StoreClosedException;
use LdDynamoStore\Exception\StoreException;
use LdDynamoStore\Exception\TableNotFoundException;
use LdDynamoStore\Exception\UnreachableException;
use LdDynamoStore\LogLevel;
use LdDynamoStore\Status;
use LdDynamoStore\Store;
use PHPUnit\Framework\TestCase;

final class StoreTest extends TestCase
{
    private const FLAG = '{"key":"flag","version":2,"on":true,"name":"Grüße"}';

    public function testWritesAndReads(): void
    {
        $store = Engine::store(__FUNCTION__);
        self::assertTrue($store->isAvailable());
        self::assertFalse($store->isInitialized());
        $store->init('{"features":{"flag":' . self::FLAG . '},"segments":{}}');
        self::assertTrue($store->isInitialized());
        self::assertSame(self::FLAG, $store->get('features', 'flag'));
        self::assertSame(self::FLAG, $store->get('flags', 'flag'));
        self::assertNull($store->get('features', 'absent'));
        self::assertSame('{"flag":' . self::FLAG . '}', $store->all('features'));
        self::assertSame('{}', $store->all('segments'));
        self::assertIsArray(json_decode($store->stats(), true));
    }

    public function testUpsertTellsWhatBecameOfTheItem(): void
    {
        $store = Engine::store(__FUNCTION__);
        self::assertTrue($store->upsert('features', 'flag', self::FLAG)->isWritten());
        $older = $store->upsert('features', 'flag', '{"version":1}');
        self::assertTrue($older->isNotNewer());
        self::assertSame(self::FLAG, $older->stored);
        $large = $store->upsert('features', 'flag', self::largeItem());
        self::assertTrue($large->isTooLarge());
        self::assertNull($large->stored);
        self::assertSame(self::FLAG, $store->get('features', 'flag'));
    }

    public function testBigSegmentsOfAnEmptyTableAreNull(): void
    {
        $store = Engine::store(__FUNCTION__);
        self::assertNull($store->bigSegmentsMetadata());
        self::assertNull($store->bigSegmentsMembership('hash'));
    }

    public function testAFailureHasItsClassStatusAndServiceCode(): void
    {
        $store = new Store('no-such-table', Engine::options(__FUNCTION__));
        self::assertFalse($store->isAvailable());
        try {
            $store->get('features', 'flag');
            self::fail('no exception');
        } catch (TableNotFoundException $exception) {
            self::assertSame(Status::TABLE_NOT_FOUND, $exception->status);
            self::assertSame('ResourceNotFoundException', $exception->serviceCode);
            self::assertStringContainsString('no-such-table', $exception->getMessage());
            self::assertFalse($exception->retriable);
        }
        $this->expectException(TableNotFoundException::class);
        $store->checkAvailable();
    }

    public function testAnUnreachableEndpointIsRetriable(): void
    {
        $store = Engine::store(__FUNCTION__, ['endpoint' => 'http://127.0.0.1:1', 'operation_timeout_ms' => 1500]);
        self::assertFalse($store->isAvailable());
        try {
            $store->all('features');
            self::fail('no exception');
        } catch (UnreachableException $exception) {
            self::assertTrue($exception->retriable);
            self::assertNull($exception->serviceCode);
        }
    }

    public function testAWrongConfigurationNamesTheKey(): void
    {
        $this->expectException(ConfigurationException::class);
        $this->expectExceptionMessageMatches('/tabel/');
        new Store('table', ['tabel' => 1]);
    }

    public function testAConfigurationThatIsNotJson(): void
    {
        $this->expectException(InvalidJsonException::class);
        Store::fromJson('{');
    }

    /**
     * @param class-string<\Throwable> $class
     * @param callable(Store): mixed $call
     *
     * @dataProvider refusedArguments
     */
    public function testArgumentsThatCannotBeSentAreRefused(string $class, string $message, callable $call): void
    {
        $store = Engine::store(__FUNCTION__);
        $this->expectException($class);
        $this->expectExceptionMessageMatches($message);
        $call($store);
    }

    /** @return array<string, array{class-string<\Throwable>, string, callable(Store): mixed}> */
    public static function refusedArguments(): array
    {
        return [
            'a byte that is not UTF-8' => [InvalidUtf8Exception::class, '/key.*4/', static fn (Store $store) => $store->get('features', "flag\xff")],
            'a NUL in a kind' => [InvalidKindException::class, '/kind.*byte 1/', static fn (Store $store) => $store->all("a\0b")],
            'a NUL in a key' => [InvalidKeyException::class, '/key.*byte 1/', static fn (Store $store) => $store->upsert('features', "a\0b", self::FLAG)],
            'a NUL in an item' => [InvalidJsonException::class, '/item.*byte 0/', static fn (Store $store) => $store->upsert('features', 'a', "\0")],
            'no version' => [InvalidItemException::class, '/version/', static fn (Store $store) => $store->upsert('features', 'flag', '{}')],
            'a number for a key' => [\TypeError::class, '/key/', static fn (Store $store) => $store->get('features', 7)],
        ];
    }

    public function testANulIsToldWithTheNameOfItsArgument(): void
    {
        $store = Engine::store(__FUNCTION__);
        $calls = [
            'kind' => static fn () => $store->upsert("\0", "\0", '{}'),
            'key' => static fn () => $store->upsert('features', "\0", "\0"),
            'item' => static fn () => $store->upsert('features', 'a', "\0"),
            'data' => static fn () => $store->init("\0"),
            'patch' => static fn () => $store->bigSegmentsApplyPatch("\0"),
            'configuration' => static fn () => Store::fromJson("\0"),
        ];
        foreach ($calls as $name => $call) {
            try {
                $call();
                self::fail("no exception: $name");
            } catch (StoreException $exception) {
                self::assertSame("$name has a NUL character at byte 0", $exception->getMessage());
            }
        }
    }

    public function testAKeyThatDynamoDbCannotHoldIsAbsent(): void
    {
        $store = Engine::store(__FUNCTION__);
        self::assertNull($store->get('features', "a\0b"));
        self::assertNull($store->get('features', ''));
    }

    public function testAClosedStoreRefusesCalls(): void
    {
        $store = Engine::store(__FUNCTION__);
        self::assertFalse($store->isClosed());
        $store->close();
        $store->close();
        self::assertTrue($store->isClosed());
        $calls = [
            static fn () => $store->get('features', 'flag'),
            static fn () => $store->isAvailable(),
            static fn () => $store->setLogger(static fn () => null),
        ];
        foreach ($calls as $call) {
            try {
                $call();
                self::fail('no exception');
            } catch (StoreClosedException $exception) {
                self::assertNotInstanceOf(StoreException::class, $exception);
            }
        }
    }

    public function testALoggerGetsMessagesAndIsReleased(): void
    {
        $store = Engine::store(__FUNCTION__);
        $messages = new \ArrayObject();
        $store->setLogger(static fn (int $level, string $message) => $messages[] = [$level, $message]);
        $store->upsert('features', 'large', self::largeItem());
        $errors = array_filter((array) $messages, static fn (array $entry): bool => $entry[0] === LogLevel::ERROR && str_contains($entry[1], 'too large'));
        self::assertCount(1, $errors);
        $held = \WeakReference::create($messages);
        unset($messages, $errors);
        self::assertNotNull($held->get());
        $store->setLogger(null);
        self::assertNull($held->get());
        $store->upsert('features', 'large', self::largeItem());
    }

    public function testAMessageIsDeliveredBeforeTheCallThrows(): void
    {
        $store = Engine::store(__FUNCTION__, ['endpoint' => 'http://127.0.0.1:1', 'operation_timeout_ms' => 1500, 'log_level' => 'trace']);
        $order = [];
        $store->setLogger(static function () use (&$order): void {
            $order[] = 'message';
        });
        try {
            $store->get('features', 'flag');
        } catch (UnreachableException) {
            $order[] = 'exception';
        }
        self::assertSame(['message', 'exception'], array_values(array_unique($order)));
        self::assertSame('exception', end($order));
    }

    public function testALoggerMayThrowAndMayCloseTheStore(): void
    {
        $store = Engine::store(__FUNCTION__);
        $store->setLogger(static function () use ($store): void {
            $store->close();
            throw new \RuntimeException('a broken logger');
        });
        self::assertTrue($store->upsert('features', 'large', self::largeItem())->isTooLarge());
        self::assertTrue($store->isClosed());
    }

    public function testMessagesOfALoggersOwnCallsComeAfterItsReturnAndHaveAnEnd(): void
    {
        $store = Engine::store(__FUNCTION__);
        $messages = [];
        $depth = 0;
        $store->setLogger(static function (int $level, string $message) use ($store, &$messages, &$depth): void {
            self::assertSame(1, ++$depth);
            $messages[] = $message;
            $store->upsert('features', 'large', self::largeItem());
            --$depth;
        });
        $store->upsert('features', 'large', self::largeItem());
        self::assertCount(257, $messages);
        self::assertSame('1 more log messages of this call were dropped', array_pop($messages));
        self::assertCount(1, array_unique($messages));
    }

    public function testALoggerWhoseFiberIsSuspendedGetsTheRestLater(): void
    {
        $store = Engine::store(__FUNCTION__);
        $messages = 0;
        $store->setLogger(static function () use (&$messages): void {
            ++$messages;
            if (\Fiber::getCurrent() !== null) {
                \Fiber::suspend();
            }
        });
        $fiber = new \Fiber(static fn () => $store->upsert('features', 'large', self::largeItem()));
        $fiber->start();
        self::assertTrue($store->upsert('features', 'large', self::largeItem())->isTooLarge());
        self::assertSame(1, $messages);
        $fiber->resume();
        self::assertSame(2, $messages);
    }

    /** PHP would run the handler at the beginning of the log callback, within the library, and end when it throws there. */
    public function testAHandlerOfASignalRunsWhenTheCallIsOver(): void
    {
        $silent = stream_socket_server('tcp://127.0.0.1:0');
        self::assertNotFalse($silent);
        $endpoint = 'http://' . stream_socket_get_name($silent, false);
        $store = Engine::store(__FUNCTION__, ['endpoint' => $endpoint, 'operation_timeout_ms' => 500, 'log_level' => 'trace']);
        $messages = 0;
        $store->setLogger(static function () use (&$messages): void {
            ++$messages;
        });
        $wereOn = pcntl_async_signals(true);
        pcntl_signal(SIGUSR1, static fn () => throw new \RuntimeException('the handler'));
        $sender = proc_open(['sh', '-c', 'sleep 0.1; kill -USR1 ' . getmypid()], [], $pipes);
        self::assertNotFalse($sender);
        try {
            $store->get('features', 'flag');
            self::fail('no exception');
        } catch (\RuntimeException $exception) {
            self::assertSame('the handler', $exception->getMessage());
        } finally {
            pcntl_signal(SIGUSR1, SIG_DFL);
            proc_close($sender);
            self::assertTrue(pcntl_async_signals($wereOn));
        }
        self::assertGreaterThan(0, $messages);
    }

    public function testAStoreCannotBeSerializedOrCloned(): void
    {
        self::assertFalse((new \ReflectionClass(Store::class))->isCloneable());
        $this->expectException(\LogicException::class);
        serialize(Engine::store(__FUNCTION__));
    }

    /** All that the process has, since the library's memory is none of PHP's. */
    public function testALongRunKeepsItsMemory(): void
    {
        $store = Engine::store(__FUNCTION__, ['cache_ttl_ms' => 60000, 'context_cache_ttl_ms' => 60000]);
        $store->upsert('features', 'flag', self::FLAG);
        $failing = Engine::store(__FUNCTION__, ['read_only' => true]);
        $failures = [
            static fn () => $failing->init('{}'),
            static fn () => $failing->bigSegmentsApplyPatch('{}'),
            static fn () => $failing->bigSegmentsSetSynchronized(1),
            static fn () => Store::contextHash("\xff"),
        ];
        $calls = static function (int $times) use ($store, $failures): void {
            for ($call = 0; $call < $times; $call++) {
                $store->get('features', 'flag');
                $store->all('features');
                $store->get('features', 'missing');
                $store->bigSegmentsMembership('hash');
                Store::contextHash('key');
                foreach ($failures as $failure) {
                    try {
                        $failure();
                        self::fail('no exception');
                    } catch (StoreException) {
                    }
                }
            }
        };
        $calls(2500);
        [$before, $resident] = [memory_get_usage(), self::residentBytes()];
        $calls(25000);
        self::assertLessThan(64 * 1024, memory_get_usage() - $before);
        self::assertLessThan(1024 * 1024, self::residentBytes() - $resident);
    }

    private static function residentBytes(): int
    {
        preg_match('/^VmRSS:\s+(\d+) kB$/m', (string) file_get_contents('/proc/self/status'), $found);

        return (int) $found[1] * 1024;
    }

    private static function largeItem(): string
    {
        return '{"version":3,"filler":"' . str_repeat('x', 401000) . '"}';
    }
}
