<?php

declare(strict_types=1);

namespace LdDynamoStore;

/** Every status of the C header, under its name without `LD_DYNAMO_`. */
final class Status
{
    public const OK = 0;
    public const NOT_FOUND = 1;
    public const NOT_NEWER = 2;
    public const TOO_LARGE = 3;
    public const NOT_CACHED = 4;
    public const OUT_OF_ORDER = 5;
    public const NULL_ARGUMENT = -1;
    public const INVALID_UTF8 = -2;
    public const INVALID_JSON = -3;
    public const INVALID_ITEM = -4;
    public const INVALID_KIND = -5;
    public const INVALID_KEY = -6;
    public const INVALID_DATA_SET = -7;
    public const INVALID_BIG_SEGMENTS = -8;
    public const INVALID_CONFIGURATION = -100;
    public const UNSUPPORTED_CREDENTIALS = -101;
    public const NO_REGION = -102;
    public const TABLE_NOT_FOUND = -200;
    public const TABLE_MISMATCH = -201;
    public const ACCESS_DENIED = -202;
    public const NO_CREDENTIALS = -203;
    public const SERVICE_ERROR = -204;
    public const THROTTLED = -300;
    public const TIMED_OUT = -400;
    public const UNREACHABLE = -401;
    public const INVALID_RESPONSE = -402;
    public const CORRUPT_ITEM = -500;
    public const READ_ONLY = -600;
    public const INTERNAL = -900;
    public const PANIC = -901;
}
