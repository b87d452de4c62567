<?php

declare(strict_types=1);

namespace LdDynamoStore\LaunchDarkly;

/**
 * Keeps JSON texts of one table and prefix over requests.
 *
 * @internal
 */
abstract class ItemCache
{
    /** What is kept for an item that is not there; no item has this text. */
    public const ABSENT = '';

    /** PSR-6 promises no more than this for a key: 64 of A-Z a-z 0-9 _ and . */
    private const NAME = 'ld_dynamo_store.';
    private const DIGITS = 48;

    /** @param string $place tells one table and prefix from another */
    public function __construct(private readonly string $place)
    {
    }

    /** The text, or null where it is not known. */
    public function get(string $kind, ?string $key): ?string
    {
        return $this->fetch($this->name($kind, $key));
    }

    /** @param string|null $key null for all items of the kind */
    public function put(string $kind, ?string $key, string $text): void
    {
        $this->store($this->name($kind, $key), $text);
    }

    abstract protected function fetch(string $name): ?string;

    abstract protected function store(string $name, string $text): void;

    private function name(string $kind, ?string $key): string
    {
        return self::NAME . substr(hash('sha256', serialize([$this->place, $kind, $key])), 0, self::DIGITS);
    }
}
