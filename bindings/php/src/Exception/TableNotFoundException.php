<?php

declare(strict_types=1);

namespace LdDynamoStore\Exception;

/** The table does not exist in this region and account. */
final class TableNotFoundException extends ServiceException
{
}
