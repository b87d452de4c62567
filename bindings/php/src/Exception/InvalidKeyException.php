<?php

declare(strict_types=1);

namespace LdDynamoStore\Exception;

/** A key that DynamoDB cannot hold: empty or longer than 1,024 bytes. */
final class InvalidKeyException extends InvalidArgumentException
{
}
