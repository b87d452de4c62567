<?php

declare(strict_types=1);

namespace LdDynamoStore\Exception;

/** The native library could not be used. */
class LibraryException extends \RuntimeException implements LdDynamoStoreException
{
}
