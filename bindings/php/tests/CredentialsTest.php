<?php

declare(strict_types=1);

namespace LdDynamoStore\Tests;

use LdDynamoStore\CredentialsRenewal;
use LdDynamoStore\Exception\ConfigurationException;
use LdDynamoStore\Exception\NoCredentialsException;
use LdDynamoStore\Exception\StoreClosedException;
use LdDynamoStore\Exception\StoreException;
use LdDynamoStore\Store;
use PHPUnit\Framework\TestCase;

/** Credentials that a function finds: doubles of the AWS SDK's interface, whose requests are signed for the scripted endpoint. */
final class CredentialsTest extends TestCase
{
    private const TABLE = 'flags';

    private static string $address;

    /** @var array<int, resource> */
    private static array $pipes = [];

    /** @var resource */
    private static $process;

    public static function setUpBeforeClass(): void
    {
        $command = [ROOT . '/target/release/fake-dynamodb', '--exit-with-stdin', '--create-table', self::TABLE];
        $process = proc_open($command, [['pipe', 'r'], ['pipe', 'w']], self::$pipes);
        self::assertNotFalse($process);
        self::$process = $process;
        self::$address = trim((string) fgets(self::$pipes[1]));
    }

    public static function tearDownAfterClass(): void
    {
        fclose(self::$pipes[0]);
        proc_close(self::$process);
    }

    public function testAPromiseOfCredentials(): void
    {
        $store = self::store(static fn () => self::promise(self::credentials('of-a-promise', time() + 3600)));
        self::assertSame('of-a-promise', self::signedBy($store));
        self::assertContains('x-amz-security-token', self::lastRequest()['names']);
    }

    public function testOtherForms(): void
    {
        self::assertSame('alone', self::signedBy(self::store(self::credentials('alone', null))));
        self::assertSame('returned', self::signedBy(self::store(static fn () => self::credentials('returned', null))));
        $array = ['access_key_id' => 'an-array', 'secret_access_key' => 'secret', 'expires_ms' => null];
        self::assertSame('an-array', self::signedBy(self::store(static fn () => $array)));
        $provider = new class () {
            /** @return array<string, string> */
            public function find(): array
            {
                return ['access_key_id' => 'a-method', 'secret_access_key' => 'secret'];
            }
        };
        self::assertSame('a-method', self::signedBy(self::store([$provider, 'find'])));
        self::assertSame('given', self::signedBy(self::store(['access_key_id' => 'given', 'secret_access_key' => 'secret'])));
    }

    public function testTheyAreRenewedBeforeTheyExpire(): void
    {
        $answers = [['first', 3600], ['second', 299], ['third', 299]];
        $asked = 0;
        $store = self::store(static function () use (&$answers, &$asked): object {
            [$id, $seconds] = $answers[$asked++];

            return self::credentials($id, time() + $seconds);
        });
        self::assertSame(0, $asked);
        self::assertSame(['first', 'first'], [self::signedBy($store), self::signedBy($store)]);
        self::assertSame(1, $asked);
        self::letTimePass($store);
        self::assertSame('second', self::signedBy($store));
        usleep(1100000);
        self::assertSame('third', self::signedBy($store));
        $store->stats();
        self::assertSame(3, $asked);
    }

    public function testAFirstFailureIsThrown(): void
    {
        $failure = new \RuntimeException("the sign-on\nhas ended");
        $store = self::store(static function () use (&$failure): object {
            return $failure === null ? self::credentials('later', null) : throw $failure;
        });
        try {
            $store->get('features', 'flag');
            self::fail('no exception');
        } catch (NoCredentialsException $exception) {
            self::assertStringContainsString('RuntimeException: the sign-on has ended', $exception->getMessage());
            self::assertSame([$failure, true], [$exception->getPrevious(), $exception->retriable]);
        }
        $failure = null;
        self::assertSame('later', self::signedBy($store));
    }

    /**
     * @param class-string<\Throwable> $class
     *
     * @dataProvider wrongAnswers
     */
    public function testAWrongAnswerIsThrown(mixed $answer, string $class, string $message): void
    {
        $store = self::store(static fn () => $answer);
        $this->expectException($class);
        $this->expectExceptionMessageMatches($message);
        $store->get('features', 'flag');
    }

    /** @return array<string, array{mixed, class-string<\Throwable>, string}> */
    public static function wrongAnswers(): array
    {
        return [
            'nothing' => [null, NoCredentialsException::class, '/it returned null/'],
            'an unknown member' => [['key' => 'hidden'], ConfigurationException::class, '/"key"/'],
            'a line break' => [['access_key_id' => "a\n", 'secret_access_key' => 'b'], ConfigurationException::class, '/access_key_id/'],
        ];
    }

    public function testALaterFailureIsLoggedOnceAMinute(): void
    {
        $works = true;
        $store = self::store(static function () use (&$works): object {
            return $works ? self::credentials('first', time() + 3600) : throw new \RuntimeException('not now');
        });
        $messages = [];
        $store->setLogger(static function (int $level, string $message) use (&$messages): void {
            $messages[] = $message;
        });
        self::assertSame('first', self::signedBy($store));
        $works = false;
        for ($call = 0; $call < 3; $call++) {
            self::letTimePass($store);
            self::assertSame('first', self::signedBy($store));
        }
        self::assertSame(['the AWS credentials were not renewed, and those that are known are used: RuntimeException: not now'], $messages);
        $nextWarning = new \ReflectionProperty(CredentialsRenewal::class, 'nextWarning');
        self::assertEqualsWithDelta(hrtime(true) / 1e9 + 60, $nextWarning->getValue(self::renewal($store)), 10);
        $nextWarning->setValue(self::renewal($store), 0.0);
        self::letTimePass($store);
        self::signedBy($store);
        self::assertCount(2, $messages);
    }

    public function testWhoFailsIsAskedAgainAfterASecond(): void
    {
        $asked = 0;
        $store = self::store(static function () use (&$asked): object {
            return ++$asked === 1 ? self::credentials('first', time() + 3600) : throw new \RuntimeException('not now');
        });
        self::signedBy($store);
        self::letTimePass($store);
        for ($call = 0; $call < 3; $call++) {
            self::signedBy($store);
        }
        self::assertSame(2, $asked);
        self::assertEqualsWithDelta(0.5, self::secondsUntilLook($store), 0.5);
    }

    public function testWhatTellsNoExpiryOrALateOneIsAskedForEveryFifteenMinutes(): void
    {
        foreach ([null, time() + 1300, time() + 7200] as $expiry) {
            $store = self::store(self::credentials('lasting', $expiry));
            self::signedBy($store);
            self::assertEqualsWithDelta(900, self::secondsUntilLook($store), 10);
        }
    }

    public function testAClosedStoreAsksNobody(): void
    {
        $asked = 0;
        $store = self::store(static function () use (&$asked): object {
            $asked++;

            return self::credentials('first', null);
        });
        $store->close();
        try {
            $store->get('features', 'flag');
            self::fail('no exception');
        } catch (StoreClosedException) {
            self::assertSame(0, $asked);
        }
    }

    public function testExpiredOnesAreNotSent(): void
    {
        $store = self::store(static fn () => self::credentials('old', time() - 1));
        try {
            $store->checkAvailable();
            self::fail('no exception');
        } catch (NoCredentialsException $exception) {
            self::assertStringContainsString('expired at', $exception->getMessage());
            self::assertTrue($exception->retriable);
        }
    }

    /** @dataProvider formsOfAnExpiry */
    public function testFormsOfAnExpiry(mixed $soon, mixed $past): void
    {
        $store = self::store(self::credentials('telling', $soon));
        self::assertSame('telling', self::signedBy($store));
        self::assertEqualsWithDelta(300, self::secondsUntilLook($store), 30);
        $this->expectException(NoCredentialsException::class);
        $this->expectExceptionMessageMatches('/expired at 2020-02-29T12:00:00Z/');
        self::store(self::credentials('telling', $past))->checkAvailable();
    }

    /** @dataProvider formsOfAnExpiry */
    public function testFormsOfAnExpiryInAnArray(mixed $soon, mixed $past): void
    {
        $expiry = static fn (mixed $given) => is_object($given) || !is_numeric($given) ? $given : $given * 1000;
        $array = static fn (mixed $given) => ['access_key_id' => 'telling', 'secret_access_key' => 'secret', 'expires_ms' => $expiry($given)];
        $store = self::store(static fn () => $array($soon));
        self::assertSame('telling', self::signedBy($store));
        self::assertEqualsWithDelta(300, self::secondsUntilLook($store), 30);
        $this->expectException(NoCredentialsException::class);
        $this->expectExceptionMessageMatches('/expired at 2020-02-29T12:00:00Z/');
        self::store(static fn () => $array($past))->checkAvailable();
    }

    /** @return array<string, array{mixed, mixed}> one in ten minutes, and one that is over */
    public static function formsOfAnExpiry(): array
    {
        $soon = time() + 600;
        $past = 1582977600;
        $zone = new \DateTimeZone('+02:00');

        return [
            'an integer' => [$soon, $past],
            'a float' => [(float) $soon, (float) $past],
            'digits' => [(string) $soon, (string) $past],
            'DateTime' => [new \DateTime("@$soon"), new \DateTime("@$past")],
            'DateTimeImmutable' => [new \DateTimeImmutable("@$soon"), (new \DateTimeImmutable("@$past"))->setTimezone($zone)],
            'ISO 8601' => [gmdate('Y-m-d\TH:i:s\Z', $soon), '2020-02-29T12:00:00Z'],
            'ISO 8601 with an offset' => [gmdate('Y-m-d\TH:i:s.123+00:00', $soon), '2020-02-29 14:00+0200'],
        ];
    }

    /** @dataProvider wrongExpiries */
    public function testAnExpiryThatIsNoTime(mixed $wrong): void
    {
        $expiry = $wrong;
        $provider = static function () use (&$expiry): object {
            return self::credentials('telling', $expiry);
        };
        $array = ['access_key_id' => 'a', 'secret_access_key' => 'b', 'expires_ms' => $wrong];
        foreach ([$provider, static fn () => $array] as $given) {
            try {
                self::store($given)->checkAvailable();
                self::fail('no exception');
            } catch (NoCredentialsException $exception) {
                self::assertStringContainsString('the expiry (' . get_debug_type($wrong) . ') is no Unix time', $exception->getMessage());
                self::assertStringNotContainsString('hidden', $exception->getMessage());
            }
        }
        $expiry = time() + 3600;
        $store = self::store($provider);
        $messages = [];
        $store->setLogger(static function (int $level, string $message) use (&$messages): void {
            $messages[] = $message;
        });
        self::signedBy($store);
        $expiry = $wrong;
        self::letTimePass($store);
        self::assertSame('telling', self::signedBy($store));
        self::assertCount(1, $messages);
        self::assertStringContainsString('were not renewed, and those that are known are used: UnexpectedValueException: the expiry', $messages[0]);
    }

    /** @return array<string, array{mixed}> */
    public static function wrongExpiries(): array
    {
        return [
            'a word' => ['hidden'],
            'nothing' => [''],
            'a year' => ['2040'],
            'a day that PHP reckons' => ['tomorrow'],
            'a day that is none' => ['2041-02-29T00:00:00Z'],
            'an hour that is none' => ['2040-01-01T25:00:00Z'],
            'an object' => [new \stdClass()],
            'an array' => [['hidden']],
            'a truth value' => [true],
            'no number' => [NAN],
            'infinity' => [INF],
        ];
    }

    public function testAProviderMayUseTheStore(): void
    {
        $store = null;
        $store = self::store(static function () use (&$store): object {
            try {
                $store->checkAvailable();
                self::fail('no exception');
            } catch (NoCredentialsException) {
                return self::credentials('in-the-end', null);
            }
        });
        self::assertSame('in-the-end', self::signedBy($store));
    }

    public function testChildrenHaveThem(): void
    {
        $id = 'inherited';
        $store = self::store(static function () use (&$id): object {
            return self::credentials($id, null);
        });
        self::signedBy($store);
        $child = pcntl_fork();
        if ($child === 0) {
            $good = self::signedBy($store) === 'inherited';
            $id = 'child';
            self::letTimePass($store);
            $good = $good && self::signedBy($store) === 'child';
            // Ends without PHPUnit's own shutdown functions.
            posix_kill(posix_getpid(), $good ? SIGTERM : SIGKILL);
        }
        pcntl_waitpid($child, $status);
        self::assertSame(SIGTERM, pcntl_wtermsig($status));
        self::assertSame('inherited', self::signedBy($store));
    }

    public function testPushedByHand(): void
    {
        $store = self::store('pushed');
        self::assertFalse($store->isAvailable());
        $store->setCredentials(['access_key_id' => 'by-hand', 'secret_access_key' => 'secret', 'session_token' => null]);
        self::assertSame('by-hand', self::signedBy($store));
        $store->setCredentials(['access_key_id' => 'old', 'secret_access_key' => 'secret', 'expires_ms' => 1000]);
        self::assertFalse($store->isAvailable());
        foreach ([['secret' => 'hidden'], ['access_key_id' => "\xff"]] as $wrong) {
            try {
                $store->setCredentials($wrong);
                self::fail('no exception');
            } catch (StoreException $exception) {
                self::assertStringNotContainsString('hidden', $exception->getMessage());
            }
        }
        $store->close();
        $this->expectException(StoreClosedException::class);
        $store->setCredentials([]);
    }

    public function testAStoreThatIsMadeOtherwiseRefusesThem(): void
    {
        $store = self::store(['access_key_id' => 'given', 'secret_access_key' => 'secret']);
        $this->expectException(ConfigurationException::class);
        $this->expectExceptionMessageMatches('/pushed/');
        $store->setCredentials(['access_key_id' => 'a', 'secret_access_key' => 'b']);
    }

    public function testASharedStoreHasNone(): void
    {
        $this->expectException(ConfigurationException::class);
        $this->expectExceptionMessageMatches('/share/');
        new Store(self::TABLE, ['share' => true, 'credentials' => static fn () => null]);
    }

    private static function store(mixed $credentials): Store
    {
        return new Store(self::TABLE, [
            'endpoint' => self::$address,
            'region' => 'us-east-1',
            'cache_ttl_ms' => 0,
            'credentials' => $credentials,
        ]);
    }

    /** As the SDK's CredentialsInterface. */
    private static function credentials(string $id, mixed $expiration): object
    {
        return new class ($id, $expiration) {
            public function __construct(private string $id, private mixed $expiration)
            {
            }

            public function getAccessKeyId(): string
            {
                return $this->id;
            }

            public function getSecretKey(): string
            {
                return 'secret';
            }

            public function getSecurityToken(): string
            {
                return 'token';
            }

            public function getExpiration(): mixed
            {
                return $this->expiration;
            }
        };
    }

    private static function promise(object $answer): object
    {
        return new class ($answer) {
            public function __construct(private object $answer)
            {
            }

            public function wait(bool $unwrap = true): object
            {
                return $this->answer;
            }
        };
    }

    /** @return array<string, mixed> */
    private static function lastRequest(): array
    {
        return json_decode((string) file_get_contents(self::$address . '/_control/headers/last'), true);
    }

    private static function signedBy(Store $store): string
    {
        $store->checkAvailable();

        return self::lastRequest()['access_key_id'];
    }

    private static function secondsUntilLook(Store $store): float
    {
        return (new \ReflectionProperty(CredentialsRenewal::class, 'nextLook'))->getValue(self::renewal($store)) - hrtime(true) / 1e9;
    }

    /** Has the store ask again, as if the time had passed. */
    private static function letTimePass(Store $store): void
    {
        (new \ReflectionProperty(CredentialsRenewal::class, 'nextLook'))->setValue(self::renewal($store), 0.0);
    }

    private static function renewal(Store $store): CredentialsRenewal
    {
        return (new \ReflectionProperty(Store::class, 'renewal'))->getValue($store);
    }
}
