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
    private readonly Native $native;

    /** The native store; null once it is closed. */
    private ?CData $handle = null;

    /** Calls that are under way; above 0 only while a logger runs. */
    private int $calls = 0;

    /**
     * Makes a store. Nothing is sent before the first call.
     *
     * @param array<string, mixed> $options the library's configuration keys: prefix, region, endpoint, profile, credentials (access_key_id,
     *     secret_access_key, session_token), consistent_reads, read_only, connect_timeout_ms, attempt_timeout_ms, operation_timeout_ms,
     *     init_timeout_ms, max_attempts, retry_mode, max_concurrency, cache_ttl_ms, stale_on_error, share, ca_bundle, proxy, log_level
     * @param string|null $library path of the native library, where it is not to be searched for
     *
     * @throws ConfigurationException an option is unknown, mistyped, or contradicts another; the message names it
     * @throws LibraryException the native library was not found or does not fit
     */
    public function __construct(string $table, array $options = [], ?string $library = null)
    {
        try {
            $configuration = json_encode(['table' => $table] + $options, JSON_THROW_ON_ERROR | JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES);
        } catch (\JsonException $failure) {
            throw new ConfigurationException("the options have no JSON form: {$failure->getMessage()}", Status::INVALID_CONFIGURATION);
        }
        $this->make($configuration, $library);
    }

    /**
     * Makes a store from the configuration as one JSON text.
     *
     * @throws StoreException
     * @throws LibraryException
     */
    public static function fromJson(string $configuration, ?string $library = null): self
    {
        $store = (new \ReflectionClass(self::class))->newInstanceWithoutConstructor();
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
            return $this->callForText('ld_dynamo_store_get', [$this->kind($kind), $this->key($key)])[1];
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
        return (string) $this->callForText('ld_dynamo_store_all', [$this->kind($kind)])[1];
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
        return new UpsertResult(...$this->callForText('ld_dynamo_store_upsert', [$this->kind($kind), $this->key($key), $this->json($item, 'item')]));
    }

    /**
     * Whether the table holds a full data set.
     *
     * @throws StoreException
     */
    public function isInitialized(): bool
    {
        return $this->call('ld_dynamo_store_initialized') === Status::OK;
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
     * When the Big Segments data was last brought up to date, as JSON text, or null when it never was.
     *
     * @throws StoreException
     */
    public function bigSegmentsMetadata(): ?string
    {
        return $this->callForText('ld_dynamo_store_big_segments_metadata')[1];
    }

    /**
     * The Big Segments that a context (by the hash of its key) is in or out of, as JSON text, or null when none is known.
     *
     * @throws StoreException
     */
    public function bigSegmentsMembership(string $contextHash): ?string
    {
        return $this->callForText('ld_dynamo_store_big_segments_membership', [$this->key($contextHash, 'contextHash')])[1];
    }

    /** What the store counted so far, as JSON text. */
    public function stats(): string
    {
        return (string) $this->callForText('ld_dynamo_store_stats')[1];
    }

    /**
     * Sends the library's messages to a function; null sends them nowhere. They are delivered before the call that caused them returns. The
     * configuration's `log_level` chooses which there are. What the function throws is dropped.
     *
     * @param (callable(int, string): void)|null $logger gets a LogLevel and the message
     */
    public function setLogger(?callable $logger): void
    {
        $this->open();
        $this->call('ld_dynamo_store_set_logger', $logger === null ? [null, null, null] : $this->native->registerLogger($logger));
    }

    /** Ends the store; may be repeated. Later calls throw StoreClosedException. Sends nothing and never waits. */
    public function close(): void
    {
        $handle = $this->handle;
        $this->handle = null;
        if ($handle !== null && $this->calls === 0) {
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

    private function make(string $configuration, ?string $library): void
    {
        $this->native = Native::load($library);
        $functions = $this->native->functions;
        $handle = $functions->new('ld_dynamo_store *');
        $error = $functions->new('ld_dynamo_error *');
        $status = $functions->ld_dynamo_store_new($this->json($configuration, 'configuration'), FFI::addr($handle), FFI::addr($error));
        $this->throwFailure($status, $error);
        $this->handle = $handle;
    }

    private function open(): CData
    {
        return $this->handle ?? throw new StoreClosedException('the store is closed');
    }

    /** @param array<int, mixed> $arguments what goes between the store and the error */
    private function call(string $function, array $arguments = []): int
    {
        $functions = $this->native->functions;
        $handle = $this->open();
        $error = $functions->new('ld_dynamo_error *');
        ++$this->calls;
        try {
            $status = $functions->$function($handle, ...[...$arguments, FFI::addr($error)]);
        } finally {
            // A logger may have closed the store during this call.
            if (--$this->calls === 0 && $this->handle === null) {
                $functions->ld_dynamo_store_free($handle);
            }
        }
        $this->throwFailure($status, $error);

        return $status;
    }

    /**
     * @param array<int, string> $arguments
     *
     * @return array{int, string|null} the status and the text that the function gave
     */
    private function callForText(string $function, array $arguments = []): array
    {
        $functions = $this->native->functions;
        $text = $functions->new('char *');
        try {
            $status = $this->call($function, [...$arguments, FFI::addr($text)]);

            return [$status, FFI::isNull($text) ? null : FFI::string($text)];
        } finally {
            $functions->ld_dynamo_string_free($text);
        }
    }

    private function throwFailure(int $status, CData $error): void
    {
        try {
            if ($status < 0) {
                throw $this->native->failure($status, $error);
            }
        } finally {
            $this->native->functions->ld_dynamo_error_free($error);
        }
    }

    private function kind(string $kind): string
    {
        return $this->text($kind, Status::INVALID_KIND, 'kind');
    }

    private function key(string $key, string $name = 'key'): string
    {
        return $this->text($key, Status::INVALID_KEY, $name);
    }

    private function json(string $json, string $name): string
    {
        return $this->text($json, Status::INVALID_JSON, $name);
    }

    /** A C string ends at the first NUL character, so a text with one is refused here. */
    private function text(string $text, int $refusal, string $name): string
    {
        $at = strpos($text, "\0");
        if ($at !== false) {
            throw StoreException::of($refusal, "$name has a NUL character at byte $at");
        }

        return $text;
    }
}
