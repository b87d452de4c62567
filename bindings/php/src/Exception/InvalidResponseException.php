<?php

declare(strict_types=1);

namespace LdDynamoStore\Exception;

/** What answered does not speak DynamoDB, or the answer was cut or damaged. */
final class InvalidResponseException extends ConnectivityException
{
}
