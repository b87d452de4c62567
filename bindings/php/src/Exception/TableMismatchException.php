<?php

declare(strict_types=1);

namespace LdDynamoStore\Exception;

/** The table has other keys than "namespace" and "key". */
final class TableMismatchException extends ServiceException
{
}
