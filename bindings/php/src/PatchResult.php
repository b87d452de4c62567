<?php

declare(strict_types=1);

namespace LdDynamoStore;

/** What became of a patch of Big Segments that did not fail. */
final class PatchResult
{
    /** @param int $status `Status::OK` or `Status::OUT_OF_ORDER` */
    public function __construct(public readonly int $status)
    {
    }

    /** All of it is stored, and the table's cursor is the patch's `version`. */
    public function isApplied(): bool
    {
        return $this->status === Status::OK;
    }

    /** The table's cursor is not the patch's `previousVersion`; a patch of one transaction has changed nothing. */
    public function isOutOfOrder(): bool
    {
        return $this->status === Status::OUT_OF_ORDER;
    }
}
