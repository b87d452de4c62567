<?php

declare(strict_types=1);

namespace LdDynamoStore\Exception;

/** An item is not an object, or has no integer `version` from 0 to 2**63-1. */
final class InvalidItemException extends InvalidArgumentException
{
}
