<?php

declare(strict_types=1);

namespace LaunchDarkly\Subsystems;

use LaunchDarkly\Impl\Model\FeatureFlag;
use LaunchDarkly\Impl\Model\Segment;

/** Stands in for the SDK's interface of this name. */
interface FeatureRequester
{
    public function getFeature(string $key): ?FeatureFlag;

    public function getSegment(string $key): ?Segment;

    /** @return array<string, FeatureFlag>|null */
    public function getAllFeatures(): ?array;
}
