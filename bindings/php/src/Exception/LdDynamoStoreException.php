<?php

declare(strict_types=1);

namespace LdDynamoStore\Exception;

/** Every exception this package throws on purpose. */
interface LdDynamoStoreException extends \Throwable
{
}
