<?php

declare(strict_types=1);

namespace LdDynamoStore\Exception;

/** A configuration key is unknown, mistyped, or contradicts another. */
class ConfigurationException extends StoreException
{
}
