<?php

declare(strict_types=1);

namespace LdDynamoStore\LaunchDarkly;

use LdDynamoStore\CredentialsRenewal;
use LdDynamoStore\Exception\UnsupportedOptionException;
use LdDynamoStore\LogLine;
use LdDynamoStore\Store;
use Psr\Cache\CacheItemPoolInterface;
use Psr\Log\LoggerInterface;

/**
 * What the options of an adapter say.
 *
 * @internal
 */
final class AdapterOptions
{
    public const OF_BIG_SEGMENTS = ['dynamodb_table', 'dynamodb_prefix', 'dynamodb_options', 'dynamodb_client', 'store_options', 'library', 'logger'];
    public const OF_FEATURES = [...self::OF_BIG_SEGMENTS, 'apc_expiration', 'cache', 'cache_ttl', 'worker_cache_ttl', 'prefetch'];

    /** Names that are near enough are taken for a slip. */
    private const MOST_DIFFERENT_LETTERS = 4;

    /** What an adapter decides itself. */
    private const NOT_OPTIONS_OF_THE_STORE = [
        'table' => 'give dynamodb_table',
        'prefix' => 'give dynamodb_prefix',
        'read_only' => 'leave it out: the table is never written',
        'cache_ttl_ms' => 'give worker_cache_ttl, in seconds',
    ];

    /** Of these, an adapter has none, since the SDK caches memberships: 0 says nothing else. */
    private const CACHES_OF_MEMBERSHIPS = ['context_cache_ttl_ms', 'context_cache_size'];

    /** @param array<string, mixed> $settings the options of the store */
    private function __construct(
        private readonly string $table,
        #[\SensitiveParameter] private readonly array $settings,
        private readonly ?string $library,
        public readonly ?LoggerInterface $logger,
        public readonly bool $prefetches,
        private readonly ?int $apcuSeconds,
        private readonly ?CacheItemPoolInterface $pool,
        private readonly ?int $poolSeconds,
    ) {
    }

    /**
     * Checks options that are meant for an adapter; among those of `LDClient`, others are ignored.
     *
     * @param array<string, mixed> $options
     * @param array<int, string> $known
     *
     * @throws UnsupportedOptionException
     */
    public static function check(#[\SensitiveParameter] array $options, array $known): void
    {
        self::refuseUnknown($options, $known);
        foreach (['cache' => CacheItemPoolInterface::class, 'logger' => LoggerInterface::class] as $name => $class) {
            if (isset($options[$name]) && !$options[$name] instanceof $class) {
                throw new UnsupportedOptionException("$name (" . get_debug_type($options[$name]) . ") is not supported; give a $class");
            }
        }
    }

    /**
     * The options of `LDClient` with those that are meant for the adapter, which win.
     *
     * @param array<string, mixed> $clientOptions
     * @param array<string, mixed> $options
     *
     * @return array<string, mixed>
     *
     * @throws UnsupportedOptionException
     */
    public static function together(#[\SensitiveParameter] array $clientOptions, #[\SensitiveParameter] array $options): array
    {
        $all = array_merge($clientOptions, $options);
        if (isset($options['cache_ttl']) && !($all['cache'] ?? null) instanceof CacheItemPoolInterface) {
            throw new UnsupportedOptionException('cache_ttl is not supported without cache; give a PSR-6 pool as cache, or apc_expiration');
        }

        return $all;
    }

    /**
     * @param array<string, mixed> $options
     * @param array<int, string> $known
     */
    private static function refuseUnknown(#[\SensitiveParameter] array $options, array $known): void
    {
        foreach (array_keys($options) as $name) {
            if (!in_array($name, $known, true)) {
                throw new UnsupportedOptionException(LogLine::name((string) $name) . ' is not supported; ' . self::advice((string) $name, $known));
            }
        }
    }

    /**
     * @param array<string, mixed> $options those of the adapter, perhaps among others
     *
     * @throws UnsupportedOptionException
     */
    public static function of(#[\SensitiveParameter] array $options): self
    {
        $given = array_filter($options, static fn (mixed $value): bool => $value !== null);
        // Among the options of LDClient there are others; those with this beginning are meant for a store.
        $meant = array_filter($given, static fn (int|string $name): bool => str_starts_with((string) $name, 'dynamo'), ARRAY_FILTER_USE_KEY);
        self::refuseUnknown($meant, self::OF_FEATURES);
        $table = self::typed($given, 'dynamodb_table', 'string') ?? '';
        if ($table === '') {
            throw new UnsupportedOptionException('dynamodb_table must be specified');
        }
        $seconds = self::seconds($given);
        $settings = self::settings($given);
        $settings['prefix'] = self::typed($given, 'dynamodb_prefix', 'string') ?? '';
        $settings['read_only'] = true;
        $settings['cache_ttl_ms'] = (int) ceil($seconds * 1000);
        // Stores whose credentials a program finds cannot be shared.
        $finds = CredentialsRenewal::of($settings['credentials'] ?? null) !== null;
        $with = match (true) {
            ($settings['credentials'] ?? null) instanceof AwsClient => 'together with dynamodb_client; give dynamodb_options',
            $finds => 'with credentials that expire or that a provider finds; give some that last, or none',
            default => 'with share false; leave that out of store_options',
        };
        if ($finds && ($settings['share'] ?? false) === true) {
            throw new UnsupportedOptionException("store_options: share true is not supported $with: only stores whose credentials last are shared");
        }
        $settings['share'] ??= !$finds;
        if ($seconds > 0 && $settings['share'] === false) {
            throw new UnsupportedOptionException("worker_cache_ttl is not supported $with: only shared stores keep what they read over requests");
        }
        $pool = $given['cache'] ?? null;
        $pool = $pool instanceof CacheItemPoolInterface ? $pool : null;
        // As LaunchDarkly's stores have it: a number in a text counts, and one that is not above zero is none.
        $apcuSeconds = (int) self::typed($given, 'apc_expiration', 'int|float|string');
        $apcuSeconds = $apcuSeconds > 0 && $pool === null ? $apcuSeconds : null;
        if ($seconds > 0 && ($pool !== null || $apcuSeconds !== null)) {
            $other = $pool !== null ? 'cache' : 'apc_expiration';
            throw new UnsupportedOptionException("worker_cache_ttl is not supported together with $other; leave one out");
        }
        $poolSeconds = self::typed($given, 'cache_ttl', 'int');
        $logger = $given['logger'] ?? null;

        return new self(
            $table,
            $settings,
            self::typed($given, 'library', 'string'),
            $logger instanceof LoggerInterface ? $logger : null,
            self::typed($given, 'prefetch', 'bool') ?? false,
            $apcuSeconds,
            $pool,
            $poolSeconds,
        );
    }

    /** A store that logs to the logger of this request. */
    public function openStore(): Store
    {
        $store = new Store($this->table, $this->settings, $this->library);
        if ($this->logger !== null) {
            $store->setLogger($this->logger);
        }

        return $store;
    }

    public function cache(): ?ItemCache
    {
        if ($this->pool === null && $this->apcuSeconds === null) {
            return null;
        }
        $place = CachePlace::of($this->table, $this->settings);

        return $this->pool !== null ? new PoolItemCache($place, $this->pool, $this->poolSeconds) : new ApcuItemCache($place, $this->apcuSeconds);
    }

    /**
     * @param array<string, mixed> $given
     *
     * @return array<string, mixed>
     */
    private static function settings(#[\SensitiveParameter] array $given): array
    {
        $aws = self::typed($given, 'dynamodb_options', 'array') ?? [];
        $settings = AwsClientOptions::translate($aws);
        if (isset($given['dynamodb_client'])) {
            if ($aws !== []) {
                throw new UnsupportedOptionException('dynamodb_options is not supported together with dynamodb_client; leave one out');
            }
            $settings = AwsClient::of($given['dynamodb_client'])->settings();
        }
        $more = self::typed($given, 'store_options', 'array') ?? [];
        foreach (array_intersect_key(self::NOT_OPTIONS_OF_THE_STORE, $more) as $name => $advice) {
            throw new UnsupportedOptionException("store_options: $name is not supported; $advice");
        }
        foreach (self::CACHES_OF_MEMBERSHIPS as $name) {
            if (!in_array($more[$name] ?? null, [null, 0], true)) {
                throw new UnsupportedOptionException("store_options: $name is not supported; leave it out: BigSegmentsConfig has a cache");
            }
        }

        return $more + $settings;
    }

    /** @param array<string, mixed> $given */
    private static function seconds(#[\SensitiveParameter] array $given): float
    {
        $seconds = self::typed($given, 'worker_cache_ttl', 'int|float') ?? 0;
        if ($seconds < 0) {
            throw new UnsupportedOptionException('worker_cache_ttl is not supported below 0; a worker that only reads would never see a change');
        }

        return (float) $seconds;
    }

    /**
     * @param array<string, mixed> $given
     * @param string $types names of PHP's types, separated by "|"
     */
    private static function typed(#[\SensitiveParameter] array $given, string $name, string $types): mixed
    {
        $value = $given[$name] ?? null;
        $allowed = explode('|', $types);
        if ($value !== null && !in_array(get_debug_type($value), $allowed, true)) {
            throw new UnsupportedOptionException("$name must be " . str_replace('|', ' or ', $types) . ', not ' . get_debug_type($value));
        }
        if (is_float($value) && !is_finite($value)) {
            throw new UnsupportedOptionException("$name must be a finite number, not $value");
        }
        if (in_array('int', $allowed, true) && is_numeric($value) && $value > AwsClientOptions::MAXIMUM_SECONDS) {
            throw new UnsupportedOptionException(sprintf('%s must be at most %d seconds', $name, AwsClientOptions::MAXIMUM_SECONDS));
        }

        return $value;
    }

    /** @param array<int, string> $known */
    private static function advice(string $name, array $known): string
    {
        $nearest = null;
        $least = self::MOST_DIFFERENT_LETTERS;
        foreach ($known as $other) {
            $different = levenshtein($name, $other);
            if ($different <= $least) {
                [$nearest, $least] = [$other, $different];
            }
        }

        return match (true) {
            in_array($name, self::OF_FEATURES, true) => 'leave it out: BigSegmentsConfig has a cache',
            $name === 'table', $name === 'prefix', $name === 'options', $name === 'client' => "give dynamodb_$name",
            AwsClientOptions::knows($name) => 'give it in dynamodb_options',
            $nearest !== null => "did you mean $nearest?",
            default => 'options of the library go into store_options',
        };
    }
}
