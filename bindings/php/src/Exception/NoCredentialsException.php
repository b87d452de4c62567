<?php

declare(strict_types=1);

namespace LdDynamoStore\Exception;

/** No credentials were found in the configuration or where AWS programs look. */
final class NoCredentialsException extends ServiceException
{
}
