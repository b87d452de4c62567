<?php

declare(strict_types=1);

namespace LdDynamoStore\Exception;

/** The native code panicked; the message says where. */
final class PanicException extends InternalException
{
}
