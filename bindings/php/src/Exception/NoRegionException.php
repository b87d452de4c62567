<?php

declare(strict_types=1);

namespace LdDynamoStore\Exception;

/** No AWS region was found; the message says where it was looked for. */
final class NoRegionException extends ConfigurationException
{
}
