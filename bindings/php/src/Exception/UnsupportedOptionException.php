<?php

declare(strict_types=1);

namespace LdDynamoStore\Exception;

use LdDynamoStore\LogLine;

/**
 * An option of LaunchDarkly's own store or of the AWS SDK for PHP that this package cannot honour, or whose value is wrong; the message says what
 * to use instead.
 */
final class UnsupportedOptionException extends \InvalidArgumentException implements LdDynamoStoreException
{
    public function __construct(string $message)
    {
        parent::__construct(LogLine::of($message));
    }
}
