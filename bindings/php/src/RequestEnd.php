<?php

declare(strict_types=1);

namespace LdDynamoStore;

/**
 * Closes the stores of a request that ends by a fatal error. PHP runs no destructors then, and the process goes on to serve other requests.
 *
 * @internal
 */
final class RequestEnd
{
    /** Given back first, since the error may have been that no memory is left. */
    private const RESERVE_BYTES = 64 * 1024;

    /** @var \WeakMap<Store, true>|null the stores of this request, until they are destroyed */
    private static ?\WeakMap $stores = null;
    private static ?string $reserve = null;

    /** An object whose destructor tells that PHP runs destructors. */
    private static ?self $probe = null;
    private static bool $destructorsRun = false;

    private function __construct()
    {
    }

    public function __destruct()
    {
        self::$destructorsRun = true;
    }

    /** Has the store closed at the end of the request, if nobody else does it. */
    public static function closes(Store $store): void
    {
        if (self::$stores === null) {
            self::$stores = new \WeakMap();
            self::$reserve = str_repeat("\0", self::RESERVE_BYTES);
            self::$probe = new self();
            register_shutdown_function(self::closeUnlessDestructorsDo(...));
        }
        self::$stores[$store] = true;
    }

    private static function closeUnlessDestructorsDo(): void
    {
        self::$reserve = null;
        self::$probe = null;
        if (self::$destructorsRun) {
            return;
        }
        foreach (self::$stores ?? [] as $store => $_) {
            $store->close();
        }
    }
}
