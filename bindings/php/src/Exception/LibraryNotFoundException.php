<?php

declare(strict_types=1);

namespace LdDynamoStore\Exception;

/** No native library where it was looked for; the message lists the places. */
final class LibraryNotFoundException extends LibraryException
{
}
