<?php

declare(strict_types=1);

namespace LdDynamoStore\Exception;

/** An option of LaunchDarkly's own store or of the AWS SDK for PHP that this package cannot honour; the message says what to use instead. */
final class UnsupportedOptionException extends \InvalidArgumentException implements LdDynamoStoreException
{
}
