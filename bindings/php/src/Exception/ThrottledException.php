<?php

declare(strict_types=1);

namespace LdDynamoStore\Exception;

/** DynamoDB asked for fewer requests, and went on asking until the attempts were used up. */
final class ThrottledException extends StoreException
{
}
