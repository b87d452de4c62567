<?php

declare(strict_types=1);

namespace LdDynamoStore\Exception;

/** A payload is not JSON. */
final class InvalidJsonException extends InvalidArgumentException
{
}
