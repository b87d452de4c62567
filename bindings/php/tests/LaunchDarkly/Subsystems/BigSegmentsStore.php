<?php

declare(strict_types=1);

namespace LaunchDarkly\Subsystems;

use LaunchDarkly\Types;

/** Stands in for the SDK's interface of this name. */
interface BigSegmentsStore
{
    public function getMetadata(): Types\BigSegmentsStoreMetadata;

    /** @return array<string, bool>|null */
    public function getMembership(string $contextHash): ?array;
}
