<?php

declare(strict_types=1);

namespace LdDynamoStore\Exception;

/** An argument is not UTF-8; the message has its name and the offset of the first wrong byte. */
final class InvalidUtf8Exception extends InvalidArgumentException
{
}
