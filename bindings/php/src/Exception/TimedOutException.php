<?php

declare(strict_types=1);

namespace LdDynamoStore\Exception;

/** A call did not end within its timeouts. */
final class TimedOutException extends ConnectivityException
{
}
