<?php

declare(strict_types=1);

/*
 * Drives the library from PHP for the shared cases: reads requests from standard input until it ends, answers each on standard output.
 * The protocol stands in tests/cases/README.md. Run with `php -d ffi.enable=1`.
 */

namespace LdDynamoStore\Tests;

use LdDynamoStore\Exception\StoreException;
use LdDynamoStore\Status;
use LdDynamoStore\Store;

spl_autoload_register(static function (string $class): void {
    require dirname(__DIR__) . '/src/' . str_replace('\\', '/', substr($class, strlen('LdDynamoStore\\'))) . '.php';
});

// A warning, too, ends the driver, so that no case passes by accident.
set_error_handler(static fn (int $level, string $message): never => throw new \RuntimeException($message));

/** A line of the input without its end, or null at the end of the input. */
function readLine(): ?string
{
    $line = fgets(STDIN);

    return $line === false ? null : rtrim($line, "\n");
}

function readField(): ?string
{
    $length = (int) readLine();
    if ($length === -1) {
        return null;
    }
    $field = (string) stream_get_contents(STDIN, $length + 1);
    if (strlen($field) !== $length + 1 || !str_ends_with($field, "\n")) {
        throw new \RuntimeException('a field ends with a newline');
    }

    return substr($field, 0, -1);
}

/** @param array<int, string|null> $fields */
function writeFrame(array $fields): void
{
    $frame = count($fields) . "\n";
    foreach ($fields as $field) {
        $frame .= $field === null ? "-1\n" : strlen($field) . "\n$field\n";
    }
    fwrite(STDOUT, $frame);
    fflush(STDOUT);
}

/**
 * @param array<string, Store> $stores
 * @param array<int, string> $arguments
 *
 * @return array{int, string|null} status and result
 */
function serve(array &$stores, string $call, string $name, array $arguments): array
{
    if ($call === 'new' || $call === 'free') {
        unset($stores[$name]);
        if ($call === 'new') {
            $stores[$name] = Store::fromJson(...$arguments);
        }

        return [Status::OK, null];
    }
    if ($call === 'context_hash') {
        // Asks no table, and so needs no store.
        return [Status::OK, Store::contextHash(...$arguments)];
    }
    $store = $stores[$name];
    $found = static fn (?string $result): array => [$result === null ? Status::NOT_FOUND : Status::OK, $result];
    $done = static fn (mixed $nothing): array => [Status::OK, null];

    return match ($call) {
        'get' => $found($store->get(...$arguments)),
        'all' => $found($store->all(...$arguments)),
        'stats' => $found($store->stats()),
        'init' => $done($store->init(...$arguments)),
        'set_credentials' => $done($store->setCredentials((array) json_decode($arguments[0], true))),
        'upsert' => array_values((array) $store->upsert(...$arguments)),
        'initialized' => [$store->isInitialized() ? Status::OK : Status::NOT_FOUND, null],
        'is_available' => [$store->isAvailable() ? Status::OK : Status::NOT_FOUND, null],
        'available' => $done($store->checkAvailable()),
        'big_segments_metadata' => $found($store->bigSegmentsMetadata()),
        'big_segments_cursor' => $found($store->bigSegmentsCursor()),
        'big_segments_membership' => $found($store->bigSegmentsMembership(...$arguments)),
        'big_segments_apply_patch' => [$store->bigSegmentsApplyPatch(...$arguments)->status, null],
        'big_segments_set_synchronized' => $done($store->bigSegmentsSetSynchronized((int) $arguments[0])),
    };
}

$stores = [];
while (($count = readLine()) !== null) {
    $request = array_map(static fn (): ?string => readField(), range(1, (int) $count));
    try {
        [$status, $result] = serve($stores, (string) $request[0], (string) $request[1], array_slice($request, 2));
        writeFrame([(string) $status, $result, null, null, null]);
    } catch (StoreException $exception) {
        writeFrame([(string) $exception->status, null, $exception->getMessage(), $exception->serviceCode, $exception->retriable ? '1' : '0']);
    }
}
