<?php

declare(strict_types=1);

namespace LdDynamoStore\Exception;

use LdDynamoStore\Status;

/** A call failed. The subclass tells the cause; the exception's code is the status. */
class StoreException extends \RuntimeException implements LdDynamoStoreException
{
    private const CLASS_OF_STATUS = [
        Status::NULL_ARGUMENT => InvalidArgumentException::class,
        Status::INVALID_UTF8 => InvalidUtf8Exception::class,
        Status::INVALID_JSON => InvalidJsonException::class,
        Status::INVALID_ITEM => InvalidItemException::class,
        Status::INVALID_KIND => InvalidKindException::class,
        Status::INVALID_KEY => InvalidKeyException::class,
        Status::INVALID_DATA_SET => InvalidDataSetException::class,
        Status::INVALID_BIG_SEGMENTS => InvalidBigSegmentsException::class,
        Status::INVALID_CONFIGURATION => ConfigurationException::class,
        Status::UNSUPPORTED_CREDENTIALS => UnsupportedCredentialsException::class,
        Status::NO_REGION => NoRegionException::class,
        Status::TABLE_NOT_FOUND => TableNotFoundException::class,
        Status::TABLE_MISMATCH => TableMismatchException::class,
        Status::ACCESS_DENIED => AccessDeniedException::class,
        Status::NO_CREDENTIALS => NoCredentialsException::class,
        Status::SERVICE_ERROR => ServiceException::class,
        Status::THROTTLED => ThrottledException::class,
        Status::TIMED_OUT => TimedOutException::class,
        Status::UNREACHABLE => UnreachableException::class,
        Status::INVALID_RESPONSE => InvalidResponseException::class,
        Status::CORRUPT_ITEM => CorruptItemException::class,
        Status::READ_ONLY => ReadOnlyException::class,
        Status::INTERNAL => InternalException::class,
        Status::PANIC => PanicException::class,
    ];

    private const CLASS_OF_GROUP = [
        0 => InvalidArgumentException::class,
        1 => ConfigurationException::class,
        2 => ServiceException::class,
        3 => ThrottledException::class,
        4 => ConnectivityException::class,
        5 => CorruptItemException::class,
        6 => ReadOnlyException::class,
        9 => InternalException::class,
    ];

    /**
     * @param int $status the status number of the C header (see Status), always negative
     * @param bool $retriable whether the same call may succeed later
     * @param string|null $serviceCode the error code AWS answered with, such as "ResourceNotFoundException"
     */
    final public function __construct(
        string $message,
        public readonly int $status,
        public readonly bool $retriable = false,
        public readonly ?string $serviceCode = null,
        ?\Throwable $previous = null,
    ) {
        parent::__construct($message, $status, $previous);
    }

    /**
     * The class for a status. Statuses are grouped by hundred, so one that a newer library added still gets the class of its cause.
     *
     * @return class-string<self>
     */
    public static function classFor(int $status): string
    {
        return self::CLASS_OF_STATUS[$status] ?? self::CLASS_OF_GROUP[intdiv(-$status, 100)] ?? self::class;
    }

    /** The exception of the class that fits the status. */
    public static function of(int $status, string $message, bool $retriable = false, ?string $serviceCode = null): self
    {
        return new (self::classFor($status))($message, $status, $retriable, $serviceCode);
    }
}
