<?php

declare(strict_types=1);

namespace LdDynamoStore\Exception;

/** A write on a store that is configured `read_only`; nothing was sent. */
final class ReadOnlyException extends StoreException
{
}
