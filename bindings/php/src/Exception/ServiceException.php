<?php

declare(strict_types=1);

namespace LdDynamoStore\Exception;

/** AWS refused the request; `serviceCode` says why. */
class ServiceException extends StoreException
{
}
