<?php

declare(strict_types=1);

namespace LdDynamoStore\Tests;

use Psr\Cache\CacheItemInterface;

/** An item of Pool. */
final class PoolItem implements CacheItemInterface
{
    public mixed $value = null;
    public mixed $time = null;

    public function __construct(private readonly Pool $pool, private readonly string $key)
    {
    }

    public function getKey(): string
    {
        return $this->key;
    }

    public function get(): mixed
    {
        return $this->pool->values[$this->key] ?? null;
    }

    public function isHit(): bool
    {
        return $this->pool->hasItem($this->key);
    }

    public function set($value): static
    {
        $this->value = $value;

        return $this;
    }

    public function expiresAt($expiration): static
    {
        $this->time = $expiration;

        return $this;
    }

    public function expiresAfter($time): static
    {
        $this->time = $time;

        return $this;
    }
}
