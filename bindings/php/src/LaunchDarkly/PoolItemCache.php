<?php

declare(strict_types=1);

namespace LdDynamoStore\LaunchDarkly;

use Psr\Cache\CacheItemPoolInterface;

/** @internal */
final class PoolItemCache extends ItemCache
{
    /** @param int|null $seconds null leaves it to the pool */
    public function __construct(string $place, private readonly CacheItemPoolInterface $pool, private readonly ?int $seconds)
    {
        parent::__construct($place);
    }

    protected function fetch(string $name): ?string
    {
        $item = $this->pool->getItem($name);
        $text = $item->isHit() ? $item->get() : null;

        return is_string($text) ? $text : null;
    }

    protected function store(string $name, string $text): void
    {
        $this->pool->save($this->pool->getItem($name)->set($text)->expiresAfter($this->seconds));
    }
}
