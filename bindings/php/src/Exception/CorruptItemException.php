<?php

declare(strict_types=1);

namespace LdDynamoStore\Exception;

/** The row's item is not a string with a JSON object. */
final class CorruptItemException extends StoreException
{
}
