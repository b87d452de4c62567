<?php

declare(strict_types=1);

namespace LdDynamoStore\Exception;

/** A kind that cannot be stored: empty, with a colon, beginning with "$", or a Big Segments namespace. */
final class InvalidKindException extends InvalidArgumentException
{
}
