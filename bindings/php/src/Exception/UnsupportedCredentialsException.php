<?php

declare(strict_types=1);

namespace LdDynamoStore\Exception;

/** The AWS profile needs `credential_process` or SSO; the message says what to do instead. */
final class UnsupportedCredentialsException extends ConfigurationException
{
}
