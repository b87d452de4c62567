<?php

declare(strict_types=1);

namespace LdDynamoStore;

use LdDynamoStore\Exception\NoCredentialsException;
use LdDynamoStore\Exception\StoreException;

/**
 * Keeps a native store in AWS credentials that a function of the host's finds.
 *
 * The function has the interface of the AWS SDK for PHP's credential providers: it returns a promise, whose `wait` returns an object with
 * `getAccessKeyId`, `getSecretKey`, `getSecurityToken` and `getExpiration` (Unix time in seconds, a DateTimeInterface, a text in ISO 8601, or
 * null). It may return that object itself, or an array with access_key_id, secret_access_key, session_token and expires_ms.
 *
 * @internal
 */
final class CredentialsRenewal
{
    /** What expires within this time is asked for again, and what tells no expiration after the other. */
    private const SECONDS_BEFORE_EXPIRY = 300;
    private const SECONDS_WITHOUT_EXPIRY = 900;

    /** The function is never called more often. */
    private const SECONDS_BETWEEN_LOOKS = 1;
    private const SECONDS_BETWEEN_WARNINGS = 60;

    /** What is left of a line for the cause of a failure. */
    private const BYTES_OF_A_CAUSE = 200;

    private ?string $pushed = null;
    private bool $isLooking = false;
    private float $nextLook = 0;
    private float $nextWarning = 0;

    private function __construct(private readonly \Closure $provider)
    {
    }

    /** For what finds credentials; null for what is some. A string is no function: one may be called "pushed". */
    public static function of(#[\SensitiveParameter] mixed $given): ?self
    {
        return match (true) {
            is_string($given) => null,
            is_callable($given) => new self($given(...)),
            is_object($given) && method_exists($given, 'getAccessKeyId') => new self(static fn () => $given),
            default => null,
        };
    }

    /**
     * Hands the JSON text of what is new to `$push`. Does nothing most of the time, nor while the function, which may use the store, is under way.
     *
     * @param \Closure(string): mixed $push
     *
     * @return string|null what to log: the credentials were not renewed, and what was pushed is used until it expires
     *
     * @throws StoreException none were ever found
     */
    public function renew(#[\SensitiveParameter] \Closure $push): ?string
    {
        if ($this->isLooking || ($this->pushed !== null && self::now() < $this->nextLook)) {
            return null;
        }
        $this->isLooking = true;
        try {
            $this->look($push);
        } catch (\Exception $failure) {
            return $this->failed($failure);
        } finally {
            $this->isLooking = false;
        }

        return null;
    }

    /** @param \Closure(string): mixed $push */
    private function look(#[\SensitiveParameter] \Closure $push): void
    {
        $this->nextLook = self::now() + self::SECONDS_BETWEEN_LOOKS;
        $credentials = self::members(($this->provider)());
        try {
            $json = json_encode($credentials, JSON_THROW_ON_ERROR);
        } catch (\JsonException $failure) {
            // Its trace has the credentials.
            throw new \UnexpectedValueException("they have no JSON form: {$failure->getMessage()}");
        }
        if ($json !== $this->pushed) {
            $push($json);
            $this->pushed = $json;
        }
        $seconds = self::SECONDS_WITHOUT_EXPIRY;
        if (isset($credentials['expires_ms'])) {
            $left = $credentials['expires_ms'] / 1000 - microtime(true) - self::SECONDS_BEFORE_EXPIRY;
            $seconds = max(self::SECONDS_BETWEEN_LOOKS, min($left, self::SECONDS_WITHOUT_EXPIRY));
        }
        $this->nextLook = self::now() + $seconds;
    }

    private function failed(#[\SensitiveParameter] \Exception $failure): ?string
    {
        if ($this->pushed === null) {
            throw $failure instanceof StoreException ? $failure : new NoCredentialsException(
                'no AWS credentials came from what was given as credentials: ' . self::said($failure),
                Status::NO_CREDENTIALS,
                // Whoever hands them out may do so again later.
                retriable: true,
                previous: $failure,
            );
        }
        if (self::now() < $this->nextWarning) {
            return null;
        }
        $this->nextWarning = self::now() + self::SECONDS_BETWEEN_WARNINGS;

        return 'the AWS credentials were not renewed, and those that are known are used: ' . self::said($failure);
    }

    /** @return array<string, mixed> */
    private static function members(#[\SensitiveParameter] mixed $given): array
    {
        if (is_object($given) && method_exists($given, 'wait')) {
            $given = $given->wait();
        }
        if (is_array($given)) {
            // A number of milliseconds is checked by the native library.
            if (isset($given['expires_ms']) && !is_int($given['expires_ms'])) {
                $given['expires_ms'] = self::milliseconds($given['expires_ms'], 1);
            }

            return $given;
        }
        if (!is_object($given) || !method_exists($given, 'getAccessKeyId')) {
            throw new \UnexpectedValueException('it returned ' . get_debug_type($given));
        }

        return [
            'access_key_id' => $given->getAccessKeyId(),
            'secret_access_key' => $given->getSecretKey(),
            'session_token' => $given->getSecurityToken(),
            'expires_ms' => method_exists($given, 'getExpiration') ? self::milliseconds($given->getExpiration(), 1000) : null,
        ];
    }

    /** An expiry in milliseconds since 1970; `$unit` is how many of them a number counts. */
    private static function milliseconds(mixed $expiry, int $unit): int|float|null
    {
        if (is_string($expiry)) {
            // Fewer digits may be a year.
            $expiry = preg_match('/^\d{10,}$/D', $expiry) === 1 ? (int) $expiry : self::parsed($expiry);
        }

        return match (true) {
            $expiry === null => null,
            is_int($expiry) => $expiry * $unit,
            is_float($expiry) && abs($expiry) < 1e15 => (int) floor($expiry * $unit),
            $expiry instanceof \DateTimeInterface => $expiry->getTimestamp() * 1000,
            default => throw new \UnexpectedValueException(
                'the expiry (' . get_debug_type($expiry) . ') is no Unix time, DateTimeInterface or text in ISO 8601',
            ),
        };
    }

    /** A time in ISO 8601, or the text itself. PHP's own parser takes nearly everything for a time of today. */
    private static function parsed(string $text): \DateTimeImmutable|string
    {
        $isIso = preg_match('/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d(:?\d\d)?)?$/Di', $text) === 1;
        $isDate = $isIso && checkdate((int) substr($text, 5, 2), (int) substr($text, 8, 2), (int) substr($text, 0, 4));

        return $isDate && ($time = date_create_immutable($text)) !== false ? $time : $text;
    }

    /** One line of bounded length. */
    private static function said(#[\SensitiveParameter] \Exception $failure): string
    {
        return LogLine::of($failure::class . ": {$failure->getMessage()}", self::BYTES_OF_A_CAUSE);
    }

    private static function now(): float
    {
        return hrtime(true) / 1e9;
    }
}
