<?php

declare(strict_types=1);

namespace LdDynamoStore\Tests;

use Psr\Log\AbstractLogger;

/** A PSR-3 logger that keeps what it is told. */
final class Log extends AbstractLogger
{
    /** @var array<int, string> each with its level before it */
    public array $lines = [];

    public function log($level, $message, array $context = []): void
    {
        $this->lines[] = "$level: $message";
    }

    /** @return array<int, string> */
    public function of(string $level): array
    {
        return array_values(array_filter($this->lines, static fn (string $line): bool => str_starts_with($line, "$level: ")));
    }
}
