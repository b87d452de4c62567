<?php

declare(strict_types=1);

namespace LdDynamoStore\Exception;

/** Not an object of objects, a key twice in one kind, or "flags" and "features" at once. */
final class InvalidDataSetException extends InvalidArgumentException
{
}
