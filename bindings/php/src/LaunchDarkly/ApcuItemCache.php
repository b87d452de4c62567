<?php

declare(strict_types=1);

namespace LdDynamoStore\LaunchDarkly;

use LdDynamoStore\Exception\UnsupportedOptionException;

/** @internal */
final class ApcuItemCache extends ItemCache
{
    public function __construct(string $place, private readonly int $seconds)
    {
        if (!extension_loaded('apcu')) {
            throw new UnsupportedOptionException('apc_expiration was specified but apcu is not installed');
        }
        parent::__construct($place);
    }

    protected function fetch(string $name): ?string
    {
        $text = apcu_fetch($name);

        return is_string($text) ? $text : null;
    }

    protected function store(string $name, string $text): void
    {
        apcu_store($name, $text, $this->seconds);
    }
}
