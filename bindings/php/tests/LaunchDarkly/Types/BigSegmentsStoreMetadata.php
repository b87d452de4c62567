<?php

declare(strict_types=1);

namespace LaunchDarkly\Types;

/** Stands in for the SDK's class of this name. */
class BigSegmentsStoreMetadata
{
    public function __construct(private ?int $lastUpToDate)
    {
    }

    public function getLastUpToDate(): ?int
    {
        return $this->lastUpToDate;
    }

    public function isStale(int $staleAfter): bool
    {
        return $this->lastUpToDate === null || time() - $this->lastUpToDate >= $staleAfter;
    }
}
