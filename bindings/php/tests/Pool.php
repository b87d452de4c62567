<?php

declare(strict_types=1);

namespace LdDynamoStore\Tests;

use Psr\Cache\CacheItemInterface;
use Psr\Cache\CacheItemPoolInterface;

/** A PSR-6 pool in memory, of any version of its interface, which refuses keys that the standard does not promise. */
final class Pool implements CacheItemPoolInterface
{
    /** @var array<string, mixed> */
    public array $values = [];

    /** @var array<int, mixed> what items were given as their time */
    public array $times = [];

    public function getItem($key): CacheItemInterface
    {
        if (preg_match('/^[A-Za-z0-9_.]{1,64}$/D', $key) !== 1) {
            throw new class ("a key that PSR-6 does not promise: $key") extends \Exception implements \Psr\Cache\InvalidArgumentException {
            };
        }

        return new PoolItem($this, $key);
    }

    public function getItems(array $keys = []): iterable
    {
        return array_map($this->getItem(...), $keys);
    }

    public function hasItem($key): bool
    {
        return array_key_exists($key, $this->values);
    }

    public function clear(): bool
    {
        $this->values = [];

        return true;
    }

    public function deleteItem($key): bool
    {
        unset($this->values[$key]);

        return true;
    }

    public function deleteItems(array $keys): bool
    {
        array_map($this->deleteItem(...), $keys);

        return true;
    }

    public function save(CacheItemInterface $item): bool
    {
        assert($item instanceof PoolItem);
        $this->values[$item->getKey()] = $item->value;
        $this->times[] = $item->time;

        return true;
    }

    public function saveDeferred(CacheItemInterface $item): bool
    {
        return $this->save($item);
    }

    public function commit(): bool
    {
        return true;
    }
}
