<?php

declare(strict_types=1);

namespace LdDynamoStore;

use FFI;
use LdDynamoStore\Exception\InvalidBigSegmentsException;
use LdDynamoStore\Exception\InvalidKeyException;
use LdDynamoStore\Exception\LibraryException;
use LdDynamoStore\Exception\StoreException;

/**
 * The part of `Store` that reads and writes Big Segments.
 *
 * @internal
 */
trait BigSegments
{
    /**
     * The key under which Big Segments know a context: the SHA-256 of the context's key, in padded standard base64. LaunchDarkly's SDKs compute it
     * themselves; this is for users without one. Asks no table.
     *
     * @param string $key the context's key; of a context of several kinds, that of the kind which the segment is about
     * @param string|null $library path of the native library, where it is not to be searched for
     *
     * @throws StoreException the key is not UTF-8, or has a NUL character
     * @throws LibraryException the native library was not found or does not fit
     */
    public static function contextHash(string $key, ?string $library = null): string
    {
        $text = self::text($key, Status::INVALID_KEY, 'key');
        $native = Native::load($library);
        $functions = $native->functions;
        $hash = $functions->new('char *');
        $error = $functions->new('ld_dynamo_error *');
        try {
            $status = $functions->ld_dynamo_context_hash($text, FFI::addr($hash), FFI::addr($error));
            if ($status < 0) {
                throw $native->failure($status, $error, false);
            }

            return FFI::string($hash);
        } finally {
            $functions->ld_dynamo_string_free($hash);
            $functions->ld_dynamo_error_free($error);
        }
    }

    /**
     * When the Big Segments data was last brought up to date, as JSON text: {"synchronizedOn": milliseconds since 1970}; or null when it never was.
     * Never from memory.
     *
     * @throws StoreException
     */
    public function bigSegmentsMetadata(): ?string
    {
        return $this->call('ld_dynamo_store_big_segments_metadata', [], true)[1];
    }

    /**
     * The version of the last patch that was applied, after which LaunchDarkly is asked for the next ones; or null when there was none. Never from
     * memory, and always strongly consistent.
     *
     * @throws StoreException
     */
    public function bigSegmentsCursor(): ?string
    {
        return $this->call('ld_dynamo_store_big_segments_cursor', [], true)[1];
    }

    /**
     * The Big Segments that a context is included in (true) or excluded from (false), as JSON text: {"segment-key.g1": true, …}; or null when the
     * table does not know the context. An answer is kept for `context_cache_ttl_ms`.
     *
     * @param string $contextHash what `contextHash` makes of the context's key
     *
     * @throws StoreException
     */
    public function bigSegmentsMembership(string $contextHash): ?string
    {
        try {
            return $this->call('ld_dynamo_store_big_segments_membership', [$this->key($contextHash, 'contextHash')], true)[1];
        } catch (InvalidKeyException) {
            // No row can have such a key.
            return null;
        }
    }

    /**
     * Applies a patch of one Big Segment, as LaunchDarkly sends it to the Relay Proxy.
     *
     * It is applied where the table's cursor is the patch's `previousVersion` (or there is none and that is empty), and moves the cursor to
     * `version`. Up to 99 contexts, whose rows have no more than 4 MB together, are changed all at once or not at all; more in several transactions,
     * of which the last moves the cursor, so that a patch which failed can be applied again.
     *
     * @param string|array<string, mixed>|\stdClass $patch {"environmentId": text, "segmentId": "segment-key.g1", "version": text,
     *     "previousVersion": text, "changes": {"included": {"add": [context hash, …], "remove": […]}, "excluded": {…}}}, as JSON text, an array, or
     *     what `json_decode` gives. A removal wins over an addition of the same context to the same set.
     *
     * @return PatchResult applied; or out of order, where the cursor is another: ask LaunchDarkly for the patches since `bigSegmentsCursor`
     *
     * @throws InvalidBigSegmentsException the patch is wrong; nothing was sent
     * @throws StoreException the patch is not known to be applied
     */
    public function bigSegmentsApplyPatch(string|array|\stdClass $patch): PatchResult
    {
        $json = is_string($patch) ? $patch : self::encodedPatch($patch);

        return new PatchResult($this->call('ld_dynamo_store_big_segments_apply_patch', [$this->json($json, 'patch')])[0]);
    }

    /**
     * Notes that Big Segments were in step with LaunchDarkly, whatever was noted before. SDKs take memberships for stale some time after it, 120 s
     * by default; the Relay Proxy notes it every 30 s.
     *
     * @param int|\DateTimeInterface $when milliseconds since 1970, or a point of time, whose microseconds are cut off
     *
     * @throws InvalidBigSegmentsException before 1970, or beyond 64 bits; nothing was sent
     * @throws StoreException the time may not be noted
     */
    public function bigSegmentsSetSynchronized(int|\DateTimeInterface $when): void
    {
        // PHP's number becomes a float where it is beyond 64 bits.
        $milliseconds = is_int($when) ? $when : $when->getTimestamp() * 1000 + intdiv((int) $when->format('u'), 1000);
        if (!is_int($milliseconds)) {
            throw StoreException::of(Status::INVALID_BIG_SEGMENTS, 'when must be in milliseconds since 1970 and fit into 64 bits');
        }
        $this->call('ld_dynamo_store_big_segments_set_synchronized', [$milliseconds]);
    }

    /** @param array<string, mixed>|\stdClass $patch */
    private static function encodedPatch(array|\stdClass $patch): string
    {
        // An empty array is an object here; the lists of contexts are further in.
        $object = static fn (mixed $value): mixed => $value === [] ? new \stdClass() : $value;
        $patch = (array) $patch;
        $changes = $patch['changes'] ?? null;
        if (is_array($changes) || $changes instanceof \stdClass) {
            $patch['changes'] = (object) array_map($object, (array) $changes);
        }
        try {
            return json_encode((object) $patch, JSON_THROW_ON_ERROR | JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES);
        } catch (\JsonException $failure) {
            throw StoreException::of(Status::INVALID_JSON, "the patch has no JSON form: {$failure->getMessage()}");
        }
    }
}
