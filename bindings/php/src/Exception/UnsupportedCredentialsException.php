<?php

declare(strict_types=1);

namespace LdDynamoStore\Exception;

/** The AWS profile needs `credential_process`, SSO or a sign-in; the message says what to do instead. */
final class UnsupportedCredentialsException extends ConfigurationException
{
}
