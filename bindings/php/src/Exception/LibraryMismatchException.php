<?php

declare(strict_types=1);

namespace LdDynamoStore\Exception;

/** The file is not this library, or its ABI version does not fit this package. */
final class LibraryMismatchException extends LibraryException
{
}
