<?php

declare(strict_types=1);

/*
 * A request to PHP-FPM (see PhpFpm): reads a flag through the adapter, or does what its query names.
 */

namespace LdDynamoStore\Tests;

use LdDynamoStore\LaunchDarkly\CachePlace;
use LdDynamoStore\LaunchDarkly\DynamoDb;
use LdDynamoStore\Native;
use LdDynamoStore\Store;

require_once dirname(__DIR__) . '/autoload.php';
require_once __DIR__ . '/autoload.php';

/** Reads a flag as LaunchDarkly's client would. */
function read(string $endpoint): string
{
    $aws = ['region' => 'us-east-1', 'endpoint' => $endpoint, 'credentials' => ['key' => 'local', 'secret' => 'local']];
    $options = ['dynamodb_table' => FakeDynamoDb::TABLE, 'dynamodb_options' => $aws, 'dynamodb_prefix' => $_GET['prefix'] ?? null];
    $requester = DynamoDb::featureRequester($options + ['apc_expiration' => $_GET['apc_expiration'] ?? null])('', '', []);

    return 'version ' . $requester->getFeature('flag')?->getVersion();
}

/** Whether what the package calls was declared before the request. */
function isPreloaded(): string
{
    return json_encode(Native::load()->isPreloaded, JSON_THROW_ON_ERROR);
}

/** The seconds for which APCu keeps what it has, in JSON. */
function seconds(): string
{
    return json_encode(array_column(((array) apcu_cache_info())['cache_list'], 'ttl'), JSON_THROW_ON_ERROR);
}

/** The place of a cache's entries, with a variable that the program sets. */
function place(string $profile): string
{
    putenv("AWS_PROFILE=$profile");

    return CachePlace::of('flags', ['prefix' => '']);
}

/** Why a store cannot ask that was told neither region nor credentials, or these. */
function complaint(string $given): string
{
    $region = ['region' => 'us-east-1'];
    $old = ['access_key_id' => 'a', 'secret_access_key' => 'b', 'expires_ms' => 1000];
    $all = match ($given) {
        'pushed', 'JSON' => [$region + ['credentials' => 'pushed']],
        'expired' => [$region + ['credentials' => static fn (): array => $old]],
        'a provider' => [$region + ['credentials' => static fn () => throw new \RuntimeException('no credentials here')]],
        'a profile' => [['profile' => 'bare']],
        default => [[], $region],
    };
    $messages = [];
    foreach ($all as $options) {
        try {
            $store = $given === 'JSON' ? Store::fromJson(json_encode(['table' => 'flags'] + $options, JSON_THROW_ON_ERROR)) : new Store('flags', $options);
            $store->checkAvailable();
        } catch (\Exception $failure) {
            $messages[] = $failure->getMessage();
        }
    }

    return implode("\n", $messages);
}

$endpoint = (string) ($_GET['endpoint'] ?? '');
try {
    echo match ($_GET['do'] ?? '') {
        'read' => read($endpoint),
        'fail' => read($endpoint) . trigger_error('ended', E_USER_ERROR),
        'preloaded' => isPreloaded(),
        'place' => place((string) ($_GET['profile'] ?? '')),
        'seconds' => seconds(),
        'complaint' => complaint((string) ($_GET['given'] ?? '')),
        'descriptors' => count((array) scandir('/proc/self/fd')),
        default => 'what?',
    };
} catch (\Exception $failure) {
    echo $failure::class, ': ', $failure->getMessage();
}
