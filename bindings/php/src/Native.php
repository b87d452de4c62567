<?php

declare(strict_types=1);

namespace LdDynamoStore;

use FFI;
use FFI\CData;
use LdDynamoStore\Exception\LibraryException;
use LdDynamoStore\Exception\LibraryMismatchException;
use LdDynamoStore\Exception\LibraryNotFoundException;
use LdDynamoStore\Exception\StoreException;

/**
 * Finds the native library, checks that it fits, and declares its functions.
 *
 * @internal
 */
final class Native
{
    public const ABI_MAJOR = 1;
    public const ABI_MINOR = 2;

    public const LIBRARY_VARIABLE = 'LD_DYNAMO_STORE_LIBRARY';

    /** The C header as PHP can read it: without preprocessor lines, generated together with it. */
    public const HEADER = __DIR__ . '/ld_dynamo_store.php.h';

    private const FILE_NAME = PHP_OS_FAMILY === 'Darwin' ? 'libld_dynamo_store.dylib' : 'libld_dynamo_store.so';
    private const SYSTEM_NAMES = PHP_OS_FAMILY === 'Darwin'
        ? ['libld_dynamo_store.' . self::ABI_MAJOR . '.dylib', self::FILE_NAME]
        : [self::FILE_NAME . '.' . self::ABI_MAJOR, self::FILE_NAME];

    /** Where a package for many platforms has its libraries, each in the folder of its platform. */
    private const BY_PLATFORM = __DIR__ . '/native';
    /** Where one may be put by hand. */
    private const BESIDE = __DIR__ . '/' . self::FILE_NAME;

    /** What most often comes from variables of the environment, and by which of them. */
    private const FROM_THE_ENVIRONMENT = [
        Status::NO_REGION => ['AWS_REGION', 'AWS_DEFAULT_REGION'],
        Status::NO_CREDENTIALS => [
            'AWS_ACCESS_KEY_ID', 'AWS_PROFILE', 'AWS_WEB_IDENTITY_TOKEN_FILE', 'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
            'AWS_CONTAINER_CREDENTIALS_FULL_URI',
        ],
    ];
    private const CLEARED = '; PHP-FPM may have cleared the environment: see clear_env and env[]';

    /** @var array<string, self> by path or name */
    private static array $loaded = [];

    /** The log callback, in an array of one; made once, since PHP keeps every one until its end. */
    private ?CData $logCallback = null;

    /** @var array<int, array{int, string}> levels and messages of the native call that is under way */
    private static array $messages = [];

    /**
     * @param string $path what the loader was given: a path, or a name it searches for
     * @param bool $isPreloaded whether PHP declared the functions when it started
     */
    private function __construct(public readonly FFI $functions, public readonly string $path, public readonly bool $isPreloaded)
    {
    }

    /**
     * Loads the native library, once for each path.
     *
     * The first of these that is given or exists is used, and an error in it is not covered up by the next one: the argument, the environment
     * variable `LD_DYNAMO_STORE_LIBRARY`, this platform's file of those that are packaged, a file beside this one, the system's loader.
     *
     * @throws LibraryNotFoundException there is no library there
     * @throws LibraryMismatchException it is another library or has another ABI version
     * @throws LibraryException PHP may not use FFI here
     */
    public static function load(?string $library = null): self
    {
        $named = getenv(self::LIBRARY_VARIABLE);
        if ($library !== null) {
            return self::loadFile($library, 'the argument library');
        }
        if ($named !== false && $named !== '') {
            return self::loadFile($named, 'the environment variable ' . self::LIBRARY_VARIABLE);
        }
        $packaged = self::packaged();
        if ($packaged !== null) {
            return self::loadFile($packaged, 'this package');
        }
        $failures = [];
        foreach (self::SYSTEM_NAMES as $name) {
            try {
                return self::loadName($name);
            } catch (LibraryNotFoundException $failure) {
                $failures[] = $failure->getMessage();
            }
        }
        throw new LibraryNotFoundException(sprintf(
            "the native library was not found: no argument library, %s is not set, %sthere is no %s, and the system's loader says: %s",
            self::LIBRARY_VARIABLE,
            self::packagedForOthers(),
            self::BESIDE,
            implode('; ', $failures),
        ));
    }

    /**
     * The C header with the place of the library that `load` finds, for PHP's setting `ffi.preload` or `FFI::load`: requests then parse nothing.
     *
     * @throws LibraryException as `load`
     */
    public static function preloadableHeader(?string $library = null): string
    {
        $name = self::load($library)->path;
        if (preg_match('/["\\\\\n]/', $name) === 1) {
            throw new LibraryException("the path of the native library cannot stand in a header for FFI: $name");
        }

        return sprintf("#define FFI_SCOPE \"%s\"\n#define FFI_LIB \"%s\"\n%s", self::scope($name), $name, (string) file_get_contents(self::HEADER));
    }

    /**
     * Declares the library for all requests of this process and its children. For `opcache.preload`; without `opcache.preload_user`, with which
     * PHP refuses it.
     *
     * @throws LibraryException as `load`, or PHP refuses it
     */
    public static function preload(?string $library = null): void
    {
        foreach (self::namesInPreloadedHeaders() as $name) {
            // Requests find it by the environment of their pool, which may be another than this one.
            if (self::preloaded($name) !== null) {
                return;
            }
        }
        if (self::load($library)->isPreloaded) {
            return;
        }
        $header = self::preloadableHeader($library);
        // Readable by this user alone, as FFI loads what it names.
        $file = tempnam(sys_get_temp_dir(), 'ld_dynamo_store');
        if ($file === false) {
            throw new LibraryException('there is no place for a temporary file: ' . sys_get_temp_dir());
        }
        try {
            file_put_contents($file, $header);
            FFI::load($file);
        } catch (\Error $failure) {
            throw new LibraryException("PHP does not preload for FFI here: {$failure->getMessage()}", 0, $failure);
        } finally {
            unlink($file);
        }
    }

    /**
     * The exception for a failed call.
     *
     * @param bool $findsCredentials whether the library finds them in the environment, where they are not given
     */
    public function failure(int $status, CData $error, bool $findsCredentials): StoreException
    {
        $message = $this->functions->ld_dynamo_error_message($error);
        $isFromTheEnvironment = $status !== Status::NO_CREDENTIALS || $findsCredentials;
        if (PHP_SAPI === 'fpm-fcgi' && $isFromTheEnvironment && self::isAbsent(self::FROM_THE_ENVIRONMENT[$status] ?? [])) {
            $message = LogLine::of($message, LogLine::MAXIMUM_BYTES - strlen(self::CLEARED)) . self::CLEARED;
        }

        return StoreException::of(
            $status,
            $message,
            $this->functions->ld_dynamo_error_is_retriable($error) !== 0,
            $this->functions->ld_dynamo_error_service_code($error),
        );
    }

    /**
     * What the library calls with a message. It only keeps the message: PHP leaves a function that throws, exits or fails by jumping over the
     * library's frames, so nothing of the user's may run here.
     */
    public function logCallback(): CData
    {
        if ($this->logCallback === null) {
            // A function becomes a C pointer by being assigned to an element of that type; the array owns the memory of its element.
            $this->logCallback = $this->functions->new('ld_dynamo_log_callback[1]');
            $this->logCallback[0] = static function (mixed $userdata, int $level, string $message): void {
                self::$messages[] = [$level, $message];
            };
        }

        return $this->logCallback[0];
    }

    /**
     * The messages of the native call that has ended, which are then forgotten here.
     *
     * @return array<int, array{int, string}>
     */
    public static function takeMessages(): array
    {
        $messages = self::$messages;
        self::$messages = [];

        return $messages;
    }

    /**
     * Whether the process has none of these variables. A pool may name others and forget them, so it does not matter which it has.
     *
     * @param array<int, string> $variables
     */
    private static function isAbsent(array $variables): bool
    {
        $present = array_filter($variables, static fn (string $name): bool => !in_array(getenv($name, true), [false, ''], true));

        return $variables !== [] && $present === [];
    }

    private static function packaged(): ?string
    {
        // A checkout has none, and then nothing asks for the platform.
        $ours = is_dir(self::BY_PLATFORM) ? self::BY_PLATFORM . '/' . Platform::name() . '/' . self::FILE_NAME : self::BESIDE;

        return is_file($ours) ? $ours : (is_file(self::BESIDE) ? self::BESIDE : null);
    }

    /** Says for which platforms this package has libraries, where it has none for this one. */
    private static function packagedForOthers(): string
    {
        $platforms = array_map(static fn (string $file): string => basename(dirname($file)), glob(self::BY_PLATFORM . '/*/libld_dynamo_store.*') ?: []);

        return $platforms === [] ? '' : sprintf('this package has libraries for %s, not for %s, ', implode(', ', $platforms), Platform::name() . (function_exists('php_uname') ? '' : ' (php_uname is disabled)'));
    }

    private static function loadFile(string $path, string $source): self
    {
        $absolute = realpath($path);
        if ($absolute === false || !is_file($absolute)) {
            throw new LibraryNotFoundException("$source names $path as the native library, but there is no such file");
        }

        return self::loadName($absolute);
    }

    private static function loadName(string $name): self
    {
        if (!extension_loaded('ffi')) {
            throw new LibraryException('PHP\'s extension "ffi" is not loaded');
        }

        return self::$loaded[$name] ??= self::preloaded($name) ?? self::declare($name);
    }

    /** What was declared when PHP started. */
    private static function preloaded(string $name): ?self
    {
        try {
            $functions = FFI::scope(self::scope($name));
        } catch (FFI\Exception) {
            return null;
        }
        self::checkVersion($functions->ld_dynamo_abi_version(), $name);

        return new self($functions, $name, true);
    }

    /** @return array<int, string> the libraries that the headers of `ffi.preload` name, in the form of `preloadableHeader` */
    private static function namesInPreloadedHeaders(): array
    {
        $names = [];
        foreach (array_filter(explode(PATH_SEPARATOR, (string) ini_get('ffi.preload'))) as $pattern) {
            foreach (glob($pattern) ?: [] as $file) {
                // This user may not be one who reads it.
                $header = is_readable($file) ? (string) file_get_contents($file) : '';
                if (preg_match('/^#define FFI_SCOPE "ld_dynamo_store_\w+"\n#define FFI_LIB "([^"]+)"$/m', $header, $found) === 1) {
                    $names[] = $found[1];
                }
            }
        }

        return $names;
    }

    /** Names what was declared, so that a request which finds another library, or has another version of this package, does not take it. */
    private static function scope(string $name): string
    {
        return 'ld_dynamo_store_' . hash('xxh64', self::ABI_MAJOR . '.' . self::ABI_MINOR . " $name");
    }

    private static function declare(string $name): self
    {
        self::checkAbi($name);
        try {
            return new self(FFI::cdef((string) file_get_contents(self::HEADER), $name), $name, false);
        } catch (FFI\Exception $failure) {
            throw new LibraryMismatchException("$name does not fit this package: {$failure->getMessage()}", 0, $failure);
        }
    }

    /** Before all other functions are looked up, so that a library of another version is told from one that is damaged. */
    private static function checkAbi(string $name): void
    {
        try {
            $packed = FFI::cdef('uint32_t ld_dynamo_abi_version(void);', $name)->ld_dynamo_abi_version();
        } catch (FFI\Exception $failure) {
            $message = $failure->getMessage();
            throw match (true) {
                str_contains($message, 'ffi.enable') => new LibraryException("PHP does not allow FFI here: $message", 0, $failure),
                str_contains($message, 'resolving') => new LibraryMismatchException("$name is not the ld-dynamo-store library: $message", 0, $failure),
                // A path is of a file that is there, a name may be of none.
                default => new LibraryNotFoundException(
                    "the native library $name cannot be loaded: $message" . (str_contains($name, '/') ? '; ' . Platform::advice() : ''),
                    0,
                    $failure,
                ),
            };
        }
        self::checkVersion($packed, $name);
    }

    private static function checkVersion(int $packed, string $name): void
    {
        $major = $packed >> 16;
        $minor = $packed & 0xFFFF;
        if ($major !== self::ABI_MAJOR || $minor < self::ABI_MINOR) {
            throw new LibraryMismatchException(sprintf(
                '%s has ABI version %d.%d, but this package needs %d.%d or a later %d.x: upgrade the %s',
                $name,
                $major,
                $minor,
                self::ABI_MAJOR,
                self::ABI_MINOR,
                self::ABI_MAJOR,
                $major > self::ABI_MAJOR ? 'package' : 'native library',
            ));
        }
    }
}
