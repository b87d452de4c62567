#!/usr/bin/env php
<?php

/*
 * A first program in PHP: shows a LaunchDarkly flag in a DynamoDB table, or switches it on or off.
 *
 *   php -d ffi.enable=1 main.php show KEY
 *   php -d ffi.enable=1 main.php switch KEY [VERSION]     VERSION is that of the change; without it, the next one
 *
 * The environment says where: TABLE names the table; PREFIX, when set, goes before its namespaces; ENDPOINT, when set, is the address of a local
 * engine instead of AWS; region and credentials come from AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY or wherever else AWS programs find
 * them. A local engine takes any credentials.
 */

declare(strict_types=1);

use LdDynamoStore\Exception\StoreException;
use LdDynamoStore\Store;

// What Composer's autoloader does in a program that installed the package.
spl_autoload_register(static function (string $class): void {
    if (str_starts_with($class, 'LdDynamoStore\\')) {
        require __DIR__ . '/../../bindings/php/src/' . str_replace('\\', '/', substr($class, strlen('LdDynamoStore\\'))) . '.php';
    }
});

/** Ends the program with a message. */
function fail(string $message): never
{
    fwrite(STDERR, "$message\n");
    exit(1);
}

/** Objects, not arrays: an array cannot tell `{}` from `[]`. */
function decode(string $json): stdClass
{
    return json_decode($json, flags: JSON_THROW_ON_ERROR);
}

function read(Store $store, string $key): stdClass
{
    return decode($store->get('features', $key) ?? fail("there is no flag $key"));
}

function describe(stdClass $flag): string
{
    return "version $flag->version, " . ($flag->on ? 'on' : 'off');
}

function switchFlag(Store $store, string $key, ?string $version): string
{
    $flag = read($store, $key);
    $flag->on = !$flag->on;
    $flag->version = $version === null ? $flag->version + 1 : (int) $version;
    $result = $store->upsert('features', $key, json_encode($flag, JSON_THROW_ON_ERROR | JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES));
    if ($result->isWritten()) {
        return "$key: written, " . describe($flag);
    }

    return "$key: version $flag->version was refused, the table keeps " . describe(decode((string) $result->stored));
}

[, $command, $key, $version] = $argv + [1 => '', 2 => '', 3 => null];
$table = getenv('TABLE');
if ($table === false || $key === '' || !in_array($command, ['show', 'switch'], true)) {
    fail('usage: TABLE=… php -d ffi.enable=1 main.php show KEY | switch KEY [VERSION]');
}
try {
    $store = new Store($table, ['prefix' => getenv('PREFIX') ?: null, 'endpoint' => getenv('ENDPOINT') ?: null]);
    echo $command === 'show' ? "$key: " . describe(read($store, $key)) : switchFlag($store, $key, $version), "\n";
} catch (StoreException $failure) {
    fail("status $failure->status, " . ($failure->retriable ? 'may succeed later' : 'final') . ": {$failure->getMessage()}");
}
