<?php

declare(strict_types=1);

namespace LdDynamoStore\LaunchDarkly;

use LaunchDarkly\Subsystems\BigSegmentsStore;
use LaunchDarkly\Types\BigSegmentsStoreMetadata;
use LdDynamoStore\Exception\CorruptItemException;
use LdDynamoStore\Exception\InvalidUtf8Exception;
use LdDynamoStore\Exception\StoreException;
use LdDynamoStore\LogLine;
use LdDynamoStore\Store;
use Psr\Log\LoggerInterface;

/** LaunchDarkly's Big Segments interface over one `Store`, which keeps no memberships, since the SDK does. Made by `DynamoDb::bigSegmentsStore`. */
final class DynamoDbBigSegmentsStore implements BigSegmentsStore
{
    private readonly Store $store;
    private readonly ?LoggerInterface $logger;

    /** @internal */
    public function __construct(#[\SensitiveParameter] AdapterOptions $options)
    {
        $this->logger = $options->logger;
        $this->store = $options->openStore();
    }

    /**
     * When the Big Segments data was last brought up to date, in seconds since 1970, by which the SDK reckons; the table has milliseconds.
     *
     * @throws StoreException the table could not be asked
     */
    public function getMetadata(): BigSegmentsStoreMetadata
    {
        $milliseconds = $this->decoded($this->store->bigSegmentsMetadata(...))['synchronizedOn'] ?? null;

        return new BigSegmentsStoreMetadata(is_int($milliseconds) ? intdiv($milliseconds, 1000) : null);
    }

    /**
     * By segment reference, whether a context is included in (true) or excluded from (false) segments; an empty array for an unknown context.
     *
     * @return array<string, bool>
     *
     * @throws StoreException the table could not be asked
     */
    public function getMembership(string $contextHash): array
    {
        return $this->decoded(fn (): ?string => $this->store->bigSegmentsMembership($contextHash));
    }

    /**
     * @param \Closure(): ?string $read
     *
     * @return array<string, mixed>
     */
    private function decoded(\Closure $read): array
    {
        try {
            return json_decode($read() ?? '{}', true, flags: JSON_THROW_ON_ERROR);
        } catch (CorruptItemException $failure) {
            // The SDK takes any exception for an outage, and the table did answer.
            $this->logger?->error(LogLine::of($failure->getMessage()));

            return [];
        } catch (InvalidUtf8Exception) {
            // No row can have such a key.
            return [];
        }
    }
}
