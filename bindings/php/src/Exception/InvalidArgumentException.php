<?php

declare(strict_types=1);

namespace LdDynamoStore\Exception;

/** The caller's mistake: nothing was sent. */
class InvalidArgumentException extends StoreException
{
}
