<?php

declare(strict_types=1);

namespace LdDynamoStore\Exception;

/** A call on a store after `close`. */
final class StoreClosedException extends \LogicException implements LdDynamoStoreException
{
}
