<?php

declare(strict_types=1);

namespace LdDynamoStore;

use FFI;
use FFI\CData;
use LdDynamoStore\Exception\ConfigurationException;
use LdDynamoStore\Exception\ConnectivityException;
use LdDynamoStore\Exception\InvalidKeyException;
use LdDynamoStore\Exception\LibraryException;
use LdDynamoStore\Exception\ServiceException;
use LdDynamoStore\Exception\StoreClosedException;
use LdDynamoStore\Exception\StoreException;
use LdDynamoStore\Exception\ThrottledException;
use Psr\Log\LoggerInterface;

/**
 * LaunchDarkly's flag data in one DynamoDB table.
 *
 *     $store = new Store('flags', ['region' => 'eu-west-1']);
 *     $store->get('features', 'my-flag');   // '{"key":"my-flag","version":7,…}' or null
 *
 * Items are JSON text in and out, as the table holds them, deleted ones included; text, since a PHP array cannot tell `{}` from `[]`.
 * LaunchDarkly's kinds are "features" (also "flags") and "segments". Failures throw a StoreException whose subclass tells the cause.
 *
 * After `pcntl_fork`, the child may go on with the store it inherited: the library gives it connections of its own.
 */
final class Store
{
    use BigSegments;

    private readonly Native $native;

    /** The native store; null once it is closed. */
    private ?CData $handle = null;

    private ?Logger $logger = null;

    /** Whether the library finds credentials itself, since the options name no place. */
    private bool $findsCredentials = true;

    /** Who finds credentials, where that is the host. */
    private ?CredentialsRenewal $renewal = null;

    /**
     * Makes a store. Nothing is sent before the first call.
     *
     * `credentials` may also be a credential provider as the AWS SDK for PHP has it: a callable that returns a promise of credentials, or the
     * credentials themselves; or such credentials. It is called before the first call that may ask the table, when what it gave expires within five
     * minutes, and every fifteen minutes where that has no expiration. When it throws, the first time becomes a NoCredentialsException; later ones are
     * logged, and what is known is used until it expires. The region is not taken from it, and `share` not possible, so each store makes connections
     * of its own. With "pushed", `setCredentials` gives them.
     *
     * @param array<string, mixed> $options the library's configuration keys: prefix, region, endpoint, profile, credentials (access_key_id,
     *     secret_access_key, session_token), consistent_reads, read_only, connect_timeout_ms, attempt_timeout_ms, operation_timeout_ms,
     *     init_timeout_ms, max_attempts, retry_mode, max_concurrency, cache_ttl_ms, context_cache_ttl_ms (5000), context_cache_size (1000),
     *     stale_on_error, share, ca_bundle, proxy, transport, log_level
     * @param string|null $library path of the native library, where it is not to be searched for
     *
     * @throws ConfigurationException an option is unknown, mistyped, or contradicts another; the message names it
     * @throws LibraryException the native library was not found or does not fit
     */
    public function __construct(string $table, #[\SensitiveParameter] array $options = [], ?string $library = null)
    {
        $this->renewal = CredentialsRenewal::of($options['credentials'] ?? null);
        if ($this->renewal !== null) {
            $options['credentials'] = 'pushed';
        }
        try {
            $configuration = json_encode(['table' => $table] + $options, JSON_THROW_ON_ERROR | JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES);
        } catch (\JsonException $failure) {
            throw new ConfigurationException("the options have no JSON form: {$failure->getMessage()}", Status::INVALID_CONFIGURATION);
        }
        $this->findsCredentials = self::namesNoCredentials($options);
        $this->make($configuration, $library);
    }

    /**
     * Makes a store from the configuration as one JSON text.
     *
     * @throws StoreException
     * @throws LibraryException
     */
    public static function fromJson(#[\SensitiveParameter] string $configuration, ?string $library = null): self
    {
        $store = (new \ReflectionClass(self::class))->newInstanceWithoutConstructor();
        $store->findsCredentials = self::namesNoCredentials(json_decode($configuration, true));
        $store->make($configuration, $library);

        return $store;
    }

    /**
     * The item's JSON text, or null when the table has none. A deleted item is returned, with "deleted": true. A key that DynamoDB cannot hold is
     * not asked for: the answer is null.
     *
     * @throws StoreException
     */
    public function get(string $kind, string $key): ?string
    {
        try {
            return $this->call('ld_dynamo_store_get', [$this->kind($kind), $this->key($key)], true)[1];
        } catch (InvalidKeyException) {
            return null;
        }
    }

    /**
     * The JSON text of one object from key to item; "{}" when there is none.
     *
     * @throws StoreException
     */
    public function all(string $kind): string
    {
        return (string) $this->call('ld_dynamo_store_all', [$this->kind($kind)], true)[1];
    }

    /**
     * Replaces the kinds in the data set. A kind that is absent is left alone.
     *
     * @param string $data JSON text: {"features": {key: item, …}, "segments": {key: item, …}}
     *
     * @throws StoreException
     */
    public function init(string $data): void
    {
        $this->call('ld_dynamo_store_init', [$this->json($data, 'data')]);
    }

    /**
     * Writes an item, unless the table holds its version or a newer one.
     *
     * @param string $item JSON text of an object with an integer `version`
     *
     * @throws StoreException
     */
    public function upsert(string $kind, string $key, string $item): UpsertResult
    {
        return new UpsertResult(...$this->call('ld_dynamo_store_upsert', [$this->kind($kind), $this->key($key), $this->json($item, 'item')], true));
    }

    /**
     * Whether the table holds a full data set.
     *
     * @throws StoreException
     */
    public function isInitialized(): bool
    {
        return $this->call('ld_dynamo_store_initialized')[0] === Status::OK;
    }

    /** Whether the table answers now. Asks the table, never the cache. `checkAvailable` tells why not. */
    public function isAvailable(): bool
    {
        try {
            $this->checkAvailable();
        } catch (ConnectivityException | ServiceException | ThrottledException) {
            return false;
        }

        return true;
    }

    /**
     * Returns if the table answers now. Asks the table, never the cache.
     *
     * @throws StoreException why it does not
     */
    public function checkAvailable(): void
    {
        $this->call('ld_dynamo_store_available');
    }

    /**
     * Signs requests with these from now on. For a store made with 'credentials' => 'pushed'.
     *
     * At any time, also before the first call. A child of a fork has those that were there at the fork. Expired ones are never sent: until new
     * ones come, calls that have to ask the table throw a NoCredentialsException that is `retriable`.
     *
     * @param array<string, mixed> $credentials access_key_id, secret_access_key, and where there are such session_token and expires_ms, the time of
     *     expiry in milliseconds since 1970
     *
     * @throws ConfigurationException a member is wrong, or the store was made otherwise; it keeps what it had
     */
    public function setCredentials(#[\SensitiveParameter] array $credentials): void
    {
        try {
            // An object, also when there is nothing in it.
            $json = json_encode((object) $credentials, JSON_THROW_ON_ERROR);
        } catch (\JsonException $failure) {
            throw new ConfigurationException("the credentials have no JSON form: {$failure->getMessage()}", Status::INVALID_CONFIGURATION);
        }
        $this->push($json);
    }

    /** What the store counted so far, as JSON text. */
    public function stats(): string
    {
        return (string) $this->callNative('ld_dynamo_store_stats', [], true)[1];
    }

    /**
     * Sends the library's messages to a function or a PSR-3 logger; null sends them nowhere. They are delivered when the work of the call that
     * caused them is done, before it returns or throws. The configuration's `log_level` chooses which there are. What the function throws is
     * dropped; it may end the request, close the store and call it. Messages of calls that it makes itself are delivered after it has returned.
     * At most 256 are delivered for one call, and the others counted in one more.
     *
     * @param (callable(int, string): void)|LoggerInterface|null $logger a function gets a LogLevel and the message
     */
    public function setLogger(callable|LoggerInterface|null $logger): void
    {
        $this->callNative('ld_dynamo_store_set_logger', [$logger === null ? null : $this->native->logCallback(), null, null]);
        $this->logger = $logger === null ? null : Logger::of($logger);
    }

    /**
     * Ends the store; may be repeated. Later calls throw StoreClosedException. Sends nothing. The destructor does the same, and after a fatal
     * error, when PHP runs no destructors, a shutdown function.
     */
    public function close(): void
    {
        $handle = $this->handle;
        $this->handle = null;
        $this->logger = null;
        if ($handle !== null) {
            $this->native->functions->ld_dynamo_store_free($handle);
        }
    }

    /** Whether `close` was called. */
    public function isClosed(): bool
    {
        return $this->handle === null;
    }

    public function __destruct()
    {
        $this->close();
    }

    /** Two objects must not free one native store. */
    private function __clone()
    {
    }

    /** @return array<string, mixed> */
    public function __serialize(): array
    {
        throw new \LogicException('a Store cannot be serialized: make one in the other process');
    }

    private function make(#[\SensitiveParameter] string $configuration, ?string $library): void
    {
        $this->native = Native::load($library);
        $functions = $this->native->functions;
        $handle = $functions->new('ld_dynamo_store *');
        $error = $functions->new('ld_dynamo_error *');
        try {
            $status = $functions->ld_dynamo_store_new($this->json($configuration, 'configuration'), FFI::addr($handle), FFI::addr($error));
            if ($status < 0) {
                throw $this->native->failure($status, $error, $this->findsCredentials);
            }
        } finally {
            $functions->ld_dynamo_error_free($error);
        }
        $this->handle = $handle;
        RequestEnd::closes($this);
    }

    /** @param mixed $options what `Store` takes, perhaps not in form */
    private static function namesNoCredentials(#[\SensitiveParameter] mixed $options): bool
    {
        return !isset($options['credentials']) && !isset($options['profile']);
    }

    private function open(): CData
    {
        return $this->handle ?? throw new StoreClosedException('the store is closed');
    }

    /**
     * As `callNative`, for a function that may have to ask the table.
     *
     * @param array<int, mixed> $arguments
     *
     * @return array{int, string|null}
     */
    private function call(string $function, #[\SensitiveParameter] array $arguments = [], bool $givesText = false): array
    {
        if ($this->renewal !== null) {
            $this->open();
            $warning = $this->renewal->renew($this->push(...));
            if ($warning !== null) {
                $this->logger?->deliver([[LogLevel::WARN, $warning]]);
            }
        }

        return $this->callNative($function, $arguments, $givesText);
    }

    /**
     * Calls a function of the library with this store. What it gave is copied and freed before code of the user's runs, which may throw or end the
     * request: the logger, and handlers of signals.
     *
     * @param array<int, mixed> $arguments what goes between the store and the place for a text or the error
     *
     * @return array{int, string|null} the status and the text that the function gave
     */
    private function callNative(string $function, #[\SensitiveParameter] array $arguments = [], bool $givesText = false): array
    {
        $functions = $this->native->functions;
        $handle = $this->open();
        $logger = $this->logger;
        $text = $functions->new('char *');
        $error = $functions->new('ld_dynamo_error *');
        // An exception keeps the arguments of this function in its trace, where an address of what is freed below must not be.
        $native = $arguments;
        if ($givesText) {
            $native[] = FFI::addr($text);
        }
        $native[] = FFI::addr($error);
        $failure = null;
        // PHP runs these handlers at any function's beginning, also at that of the log callback.
        $heldSignals = $logger !== null && extension_loaded('pcntl') && pcntl_async_signals(false);
        try {
            $status = $functions->$function($handle, ...$native);
            if ($status < 0) {
                $failure = $this->native->failure($status, $error, $this->findsCredentials);
            }
            $result = [$status, FFI::isNull($text) ? null : FFI::string($text)];
        } finally {
            $functions->ld_dynamo_string_free($text);
            $functions->ld_dynamo_error_free($error);
            if ($heldSignals) {
                pcntl_async_signals(true);
            }
        }
        $logger?->deliver(Native::takeMessages());
        if ($heldSignals) {
            pcntl_signal_dispatch();
        }
        if ($failure !== null) {
            throw $failure;
        }

        return $result;
    }

    private function push(#[\SensitiveParameter] string $credentials): void
    {
        $this->callNative('ld_dynamo_store_set_credentials', [$this->json($credentials, 'credentials')]);
    }

    private function kind(string $kind): string
    {
        return $this->text($kind, Status::INVALID_KIND, 'kind');
    }

    private function key(string $key, string $name = 'key'): string
    {
        return $this->text($key, Status::INVALID_KEY, $name);
    }

    private function json(#[\SensitiveParameter] string $json, string $name): string
    {
        return $this->text($json, Status::INVALID_JSON, $name);
    }

    /** A C string ends at the first NUL character, so a text with one is refused here. */
    private static function text(#[\SensitiveParameter] string $text, int $refusal, string $name): string
    {
        $at = strpos($text, "\0");
        if ($at !== false) {
            throw StoreException::of($refusal, "$name has a NUL character at byte $at");
        }

        return $text;
    }
}
