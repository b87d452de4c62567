<?php

declare(strict_types=1);

namespace LdDynamoStore\Exception;

/** A patch of Big Segments of the wrong shape, which the message describes, or a time that cannot be stored. */
final class InvalidBigSegmentsException extends InvalidArgumentException
{
}
