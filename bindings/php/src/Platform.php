<?php

declare(strict_types=1);

namespace LdDynamoStore;

use FFI;
use LdDynamoStore\Exception\LibraryException;

/**
 * Which native library this process needs, by the names of our packages: processor, system, and on Linux its C library.
 *
 * @internal
 */
final class Platform
{
    private const PROCESSORS = ['amd64' => 'x86_64', 'arm64' => 'aarch64'];

    private static ?string $name = null;

    /**
     * Such as `x86_64-linux-gnu`; found once for a request.
     *
     * @throws LibraryException PHP may not use FFI here
     */
    public static function name(): string
    {
        // Hosts of many customers forbid php_uname.
        return self::$name ??= self::nameOf(function_exists('php_uname') ? php_uname('m') : 'unknown', PHP_OS_FAMILY, self::hasGlibc(...));
    }

    /** @param callable(): bool $hasGlibc asked on Linux only */
    public static function nameOf(string $machine, string $family, callable $hasGlibc): string
    {
        $machine = strtolower($machine);
        $system = match ($family) {
            'Darwin' => 'macos',
            'Linux' => 'linux-' . ($hasGlibc() ? 'gnu' : 'musl'),
            default => strtolower($family),
        };

        return (self::PROCESSORS[$machine] ?? $machine) . "-$system";
    }

    /** Why a library that is there may not load. PHP before 8.3 does not hand on what the system's loader says. */
    public static function advice(): string
    {
        return 'this is ' . self::name() . ', and needs the library for it, not for another processor, C library or a newer glibc';
    }

    /** musl has no such function. PHP itself does not say which C library it runs on. */
    private static function hasGlibc(): bool
    {
        if (!extension_loaded('ffi')) {
            throw new LibraryException('PHP\'s extension "ffi" is not loaded');
        }
        try {
            FFI::cdef('const char *gnu_get_libc_version(void);');
        } catch (FFI\Exception $failure) {
            if (str_contains($failure->getMessage(), 'ffi.enable')) {
                throw new LibraryException("PHP does not allow FFI here: {$failure->getMessage()}", 0, $failure);
            }

            return false;
        }

        return true;
    }
}
