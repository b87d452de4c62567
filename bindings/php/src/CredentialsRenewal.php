<?php

declare(strict_types=1);

namespace LdDynamoStore;

use LdDynamoStore\Exception\NoCredentialsException;
use LdDynamoStore\Exception\StoreException;

/**
 * Keeps a native store in AWS credentials that a function of the host's finds.
 *
 * The function has the interface of the AWS SDK for PHP's credential providers: it returns a promise, whose `wait` returns an object with
 * `getAccessKeyId`, `getSecretKey`, `getSecurityToken` and `getExpiration` (Unix time in seconds, or null). It may return that object itself,
 * or an array with access_key_id, secret_access_key, session_token and expires_ms.
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

    private ?string $pushed = null;
    private bool $isLooking = false;
    private float $nextLook = 0;
    private float $nextWarning = 0;

    private function __construct(private readonly \Closure $provider)
    {
    }

    /** For what finds credentials; null for what is some. A string is no function: one may be called "pushed". */
    public static function of(mixed $given): ?self
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
    public function renew(\Closure $push): ?string
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
    private function look(\Closure $push): void
    {
        $this->nextLook = self::now() + self::SECONDS_BETWEEN_LOOKS;
        $credentials = self::members(($this->provider)());
        $json = json_encode($credentials, JSON_THROW_ON_ERROR);
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

    private function failed(\Exception $failure): ?string
    {
        if ($this->pushed === null) {
            throw $failure instanceof StoreException ? $failure : new NoCredentialsException(
                'no AWS credentials came from what was given as credentials: ' . self::said($failure),
                Status::NO_CREDENTIALS,
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
    private static function members(mixed $given): array
    {
        if (is_object($given) && method_exists($given, 'wait')) {
            $given = $given->wait();
        }
        if (is_array($given)) {
            return $given;
        }
        if (!is_object($given) || !method_exists($given, 'getAccessKeyId')) {
            throw new \UnexpectedValueException('it returned ' . get_debug_type($given));
        }
        $expiration = method_exists($given, 'getExpiration') ? $given->getExpiration() : null;

        return [
            'access_key_id' => $given->getAccessKeyId(),
            'secret_access_key' => $given->getSecretKey(),
            'session_token' => $given->getSecurityToken(),
            'expires_ms' => $expiration === null ? null : (int) $expiration * 1000,
        ];
    }

    /** One line of bounded length. */
    private static function said(\Exception $failure): string
    {
        $text = $failure::class . ': ' . preg_replace('/\s+/', ' ', $failure->getMessage());

        return strlen($text) > 200 ? substr($text, 0, 200) . '…' : $text;
    }

    private static function now(): float
    {
        return hrtime(true) / 1e9;
    }
}
