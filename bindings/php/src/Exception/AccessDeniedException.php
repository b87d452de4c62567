<?php

declare(strict_types=1);

namespace LdDynamoStore\Exception;

/** AWS does not accept these credentials, or they lack a permission. */
final class AccessDeniedException extends ServiceException
{
}
