<?php

declare(strict_types=1);

namespace LdDynamoStore\Exception;

/** The endpoint could not be connected to. */
final class UnreachableException extends ConnectivityException
{
}
