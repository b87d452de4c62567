<?php

declare(strict_types=1);

namespace LdDynamoStore\Exception;

/** A defect of the library. */
class InternalException extends StoreException
{
}
