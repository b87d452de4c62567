<?php

declare(strict_types=1);

/*
 * A request to a worker (see Worker): makes a store, uses it, and ends in the way that its query names. Anything but a way to end only tells how many
 * descriptors the worker has open.
 */

namespace LdDynamoStore\Tests;

use LdDynamoStore\Store;

spl_autoload_register(static function (string $class): void {
    require dirname(__DIR__) . '/src/' . str_replace('\\', '/', substr($class, strlen('LdDynamoStore\\'))) . '.php';
});

const OVER_THE_LIMIT = 401_000;

/** Ends the request as PHP does when it has no memory left for one large piece. */
function exhaustMemoryAtOnce(): void
{
    str_repeat('x', PHP_INT_MAX >> 1);
}

/** Ends the request as PHP does when the last small piece is taken. */
function exhaustMemoryInPieces(): void
{
    for ($last = null;; $last = [$last]) {
    }
}

/** What a logger may do instead of logging. */
function logAs(string $end): \Closure
{
    return static fn (): mixed => match ($end) {
        'exit in the logger' => exit('ended'),
        'error in the logger' => trigger_error('ended', E_USER_ERROR),
        'exception in the logger' => throw new \RuntimeException('dropped'),
        'no memory in the logger' => exhaustMemoryAtOnce(),
        default => null,
    };
}

$end = (string) ($_GET['end'] ?? '');
if ($end === '') {
    echo count((array) scandir('/proc/self/fd'));

    return;
}
$useInShutdown = static function () use (&$store): void {
    echo $store->get('features', 'flag') === null ? 'absent' : 'there';
};
if ($end === 'an error, before a shutdown function that uses the store') {
    // After an error, the store is closed in the order of the shutdown functions.
    register_shutdown_function($useInShutdown);
}
$store = Store::fromJson((string) getenv('STORE'));
$store->setLogger(logAs($end));
$store->get('features', 'flag');
echo 'got ';
if (str_ends_with($end, 'in the logger')) {
    $store->upsert('features', 'large', '{"version":1,"filler":"' . str_repeat('x', OVER_THE_LIMIT) . '"}');
    echo 'upserted ';
}
if ($end === 'an exit, before a shutdown function that uses the store') {
    register_shutdown_function($useInShutdown);
}
match ($end) {
    'exit', 'an exit, before a shutdown function that uses the store' => exit('ended'),
    'exception' => throw new \RuntimeException('nobody catches this'),
    'error', 'an error, before a shutdown function that uses the store' => trigger_error('ended', E_USER_ERROR),
    'no memory' => exhaustMemoryAtOnce(),
    'no memory, in pieces' => exhaustMemoryInPieces(),
    default => null,
};
