<?php

declare(strict_types=1);

namespace LdDynamoStore\Exception;

/** The table could not be asked. */
class ConnectivityException extends StoreException
{
}
