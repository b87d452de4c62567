<?php

declare(strict_types=1);

namespace LaunchDarkly\Impl\Model;

/** Stands in for the SDK's class of this name, and insists on the same members and types. */
class FeatureFlag
{
    /**
     * @param array<mixed> $prerequisites
     * @param array<mixed> $targets
     * @param array<mixed> $rules
     * @param array<mixed> $fallthrough
     * @param array<mixed> $variations
     */
    public function __construct(
        private string $key,
        private int $version,
        private bool $on,
        private array $prerequisites,
        private string $salt,
        private array $targets,
        private array $rules,
        private ?array $fallthrough,
        private ?int $offVariation,
        private array $variations,
        private bool $deleted,
    ) {
    }

    /** @param array<string, mixed> $v */
    public static function decode(array $v): self
    {
        return new self(
            $v['key'],
            $v['version'],
            $v['on'],
            $v['prerequisites'] ?: [],
            $v['salt'],
            $v['targets'] ?: [],
            $v['rules'] ?: [],
            $v['fallthrough'],
            $v['offVariation'],
            $v['variations'] ?: [],
            $v['deleted'],
        );
    }

    public function getKey(): string
    {
        return $this->key;
    }

    public function getVersion(): int
    {
        return $this->version;
    }

    public function isOn(): bool
    {
        return $this->on;
    }

    /** @return array<mixed> */
    public function getVariations(): array
    {
        return $this->variations;
    }
}
