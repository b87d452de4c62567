<?php

declare(strict_types=1);

namespace LdDynamoStore;

/** What an upsert that did not fail has done. */
final class UpsertResult
{
    /**
     * @param int $status `Status::OK`, `Status::NOT_NEWER` or `Status::TOO_LARGE`
     * @param string|null $stored the JSON text of the item that won, for `Status::NOT_NEWER`
     */
    public function __construct(
        public readonly int $status,
        public readonly ?string $stored,
    ) {
    }

    /** The item was written. */
    public function isWritten(): bool
    {
        return $this->status === Status::OK;
    }

    /** The table holds this version or a newer one and was left alone. */
    public function isNotNewer(): bool
    {
        return $this->status === Status::NOT_NEWER;
    }

    /** The item exceeds what DynamoDB can hold; the table was left alone. */
    public function isTooLarge(): bool
    {
        return $this->status === Status::TOO_LARGE;
    }
}
