<?php

declare(strict_types=1);

namespace LaunchDarkly\Impl\Model;

/** Stands in for the SDK's class of this name, and insists on the same members and types. */
class Segment
{
    /**
     * @param array<string> $included
     * @param array<string> $excluded
     * @param array<mixed> $rules
     */
    public function __construct(
        private string $key,
        private int $version,
        private array $included,
        private array $excluded,
        private string $salt,
        private array $rules,
        private bool $deleted,
    ) {
    }

    /** @param array<string, mixed> $v */
    public static function decode(array $v): self
    {
        return new self($v['key'], $v['version'], $v['included'] ?: [], $v['excluded'] ?: [], $v['salt'], $v['rules'] ?: [], $v['deleted']);
    }

    public function getKey(): string
    {
        return $this->key;
    }

    public function getVersion(): ?int
    {
        return $this->version;
    }

    /** @return array<string> */
    public function getIncluded(): array
    {
        return $this->included;
    }
}
