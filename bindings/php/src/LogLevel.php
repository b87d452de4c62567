<?php

declare(strict_types=1);

namespace LdDynamoStore;

/** How grave a message of the library is; the lowest number is the gravest. */
final class LogLevel
{
    public const ERROR = 1;
    public const WARN = 2;
    public const INFO = 3;
    public const DEBUG = 4;
    public const TRACE = 5;
}
