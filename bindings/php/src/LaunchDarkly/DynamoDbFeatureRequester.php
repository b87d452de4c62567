<?php

declare(strict_types=1);

namespace LdDynamoStore\LaunchDarkly;

use LaunchDarkly\Impl\Model\FeatureFlag;
use LaunchDarkly\Impl\Model\Segment;
use LaunchDarkly\Subsystems\FeatureRequester;
use LdDynamoStore\Exception\CorruptItemException;
use LdDynamoStore\Exception\StoreException;
use LdDynamoStore\LogLine;
use LdDynamoStore\Store;
use Psr\Log\LoggerInterface;

/**
 * LaunchDarkly's interface for reading flags and segments, over one `Store`. Made by `DynamoDb::featureRequester`; `LDClient` also takes the name
 * of this class as its `feature_requester`, with the options among its own.
 */
final class DynamoDbFeatureRequester implements FeatureRequester
{
    private const FEATURES = 'features';
    private const SEGMENTS = 'segments';

    /** What the SDK's decoder insists on, and what not every writer writes. */
    private const DEFAULTS = [
        self::FEATURES => [
            'version' => 0,
            'on' => false,
            'prerequisites' => [],
            'salt' => '',
            'targets' => [],
            'rules' => [],
            'fallthrough' => [],
            'offVariation' => null,
            'variations' => [],
            'deleted' => false,
        ],
        self::SEGMENTS => ['version' => 0, 'included' => [], 'excluded' => [], 'salt' => '', 'rules' => [], 'deleted' => false],
    ];

    /** For how long prefetched items are served, where a client outlives a request. */
    private const PREFETCHED_SECONDS = 15;

    private readonly Store $store;
    private readonly ?LoggerInterface $logger;
    private readonly ?ItemCache $cache;
    private readonly bool $prefetches;

    /** @var array<string, array{float, array<array-key, array<string, mixed>>}> by kind, when they are to be read again, and the items by key */
    private array $prefetched = [];

    /**
     * @param array<string, mixed> $options those of `DynamoDb::featureRequester`, among those of `LDClient`
     *
     * @throws \LdDynamoStore\Exception\LdDynamoStoreException an option is wrong, or the native library does not load
     */
    public function __construct(string $baseUri, #[\SensitiveParameter] string $sdkKey, #[\SensitiveParameter] array $options)
    {
        $adapter = AdapterOptions::of($options);
        $this->logger = $adapter->logger;
        $this->cache = $adapter->cache();
        $this->prefetches = $adapter->prefetches;
        $this->store = $adapter->openStore();
    }

    /**
     * The flag, or null where there is none, it was deleted, or its row is damaged, which is logged.
     *
     * @throws StoreException the table could not be asked
     */
    public function getFeature(string $key): ?FeatureFlag
    {
        return $this->model(FeatureFlag::decode(...), self::FEATURES, $key, $this->item(self::FEATURES, $key), 'feature');
    }

    /**
     * The segment, as for `getFeature`.
     *
     * @throws StoreException the table could not be asked
     */
    public function getSegment(string $key): ?Segment
    {
        return $this->model(Segment::decode(...), self::SEGMENTS, $key, $this->item(self::SEGMENTS, $key), 'segment');
    }

    /**
     * All flags by key, without those that were deleted or whose row is damaged. Null where the table could not be asked, which is logged: the
     * SDK's `allFlagsState` then gives a state that is not valid, where an exception would leave it.
     *
     * @return array<array-key, FeatureFlag>|null
     */
    public function getAllFeatures(): ?array
    {
        try {
            $items = $this->items(self::FEATURES);
        } catch (StoreException $failure) {
            $this->logger?->error(LogLine::of("all flags could not be read: {$failure->getMessage()}"));

            return null;
        }
        $flags = [];
        foreach ($items as $key => $item) {
            $flag = self::isDeleted($item) ? null : $this->model(FeatureFlag::decode(...), self::FEATURES, (string) $key, $item, 'feature');
            if ($flag !== null) {
                $flags[$key] = $flag;
            }
        }

        return $flags;
    }

    /**
     * The SDK's object for an item.
     *
     * @template Model of object
     *
     * @param \Closure(array<string, mixed>): Model $decode
     * @param array<string, mixed>|null $item
     *
     * @return Model|null
     */
    private function model(\Closure $decode, string $kind, string $key, ?array $item, string $name): ?object
    {
        if ($item === null || self::isDeleted($item)) {
            $what = $item === null ? 'missing' : 'deleted';
            $this->logger?->warning(LogLine::of("FeatureRequester: Attempted to get $what $name with key: $key"));

            return null;
        }
        try {
            // Null where a writer means nothing; but offVariation is null by default.
            return $decode(array_filter($item, static fn (mixed $value): bool => $value !== null) + ['key' => $key] + self::DEFAULTS[$kind]);
        } catch (\TypeError | \ErrorException $failure) {
            // The latter is what programs make of PHP's warnings.
            $said = explode(', called in', $failure->getMessage())[0];
            $this->logger?->error(LogLine::of("the item \"$key\" in \"$kind\" is none that the SDK knows: $said"));

            return null;
        }
    }

    /** @return array<string, mixed>|null */
    private function item(string $kind, string $key): ?array
    {
        if ($this->prefetches) {
            return $this->items($kind)[$key] ?? null;
        }
        $text = $this->cached($kind, $key, fn (): string => $this->read($kind, $key));

        return $text === ItemCache::ABSENT ? null : $this->decoded($kind, $key, $text);
    }

    /** The item's text as the table has it. */
    private function read(string $kind, string $key): string
    {
        try {
            return $this->store->get($kind, $key) ?? ItemCache::ABSENT;
        } catch (CorruptItemException $failure) {
            // The SDK takes any exception for an outage, and the table did answer.
            $this->logger?->error(LogLine::of($failure->getMessage()));

            return ItemCache::ABSENT;
        }
    }

    /** @return array<array-key, array<string, mixed>> by key */
    private function items(string $kind): array
    {
        [$end, $items] = $this->prefetched[$kind] ?? [0, []];
        $now = hrtime(true) / 1e9;
        if ($now < $end) {
            return $items;
        }
        $items = $this->decodedAll($kind, $this->cached($kind, null, fn (): string => $this->store->all($kind)));
        if ($this->prefetches) {
            $this->prefetched[$kind] = [$now + self::PREFETCHED_SECONDS, $items];
        }

        return $items;
    }

    /** @param \Closure(): string $read */
    private function cached(string $kind, ?string $key, \Closure $read): string
    {
        if ($this->cache === null) {
            return $read();
        }
        $text = $this->cache->get($kind, $key);
        if ($text === null) {
            $text = $read();
            $this->cache->put($kind, $key, $text);
        }

        return $text;
    }

    /** @return array<array-key, array<string, mixed>> by key */
    private function decodedAll(string $kind, string $text): array
    {
        $items = json_decode($text, true);
        if (is_array($items)) {
            return $items;
        }
        // One of them is more than PHP decodes.
        $items = [];
        foreach (ItemTexts::of($text) as $key => $item) {
            $items[$key] = $this->decoded($kind, (string) $key, $item);
        }

        return array_filter($items, is_array(...));
    }

    /** @return array<string, mixed>|null null for what PHP cannot decode, such as over 512 levels */
    private function decoded(string $kind, string $key, string $text): ?array
    {
        $item = json_decode($text, true);
        if (is_array($item)) {
            return $item;
        }
        $this->logger?->error(LogLine::of("the item \"$key\" in \"$kind\" cannot be decoded: " . json_last_error_msg()));

        return null;
    }

    /** @param array<string, mixed> $item */
    private static function isDeleted(array $item): bool
    {
        return ($item['deleted'] ?? false) === true;
    }
}
