#!/usr/bin/env php
<?php

/*
 * Reads flags as LaunchDarkly's PHP SDK does: through the adapter that its configuration takes as `feature_requester`.
 *
 *   LAUNCHDARKLY_PHP_SDK=php-server-sdk ENDPOINT=http://127.0.0.1:8000 TABLE=my-table php -d ffi.enable=1 adapter.php
 *
 * LAUNCHDARKLY_PHP_SDK is a checkout of github.com/launchdarkly/php-server-sdk, or a folder with stand-ins for its interfaces and models. Without
 * ENDPOINT it uses the table in AWS, with the usual AWS settings. PREFIX goes before the namespace of every row.
 */

declare(strict_types=1);

use LdDynamoStore\LaunchDarkly\DynamoDb;

require __DIR__ . '/../../bindings/php/autoload.php';

[$sdk, $table] = [getenv('LAUNCHDARKLY_PHP_SDK'), getenv('TABLE')];
if ($sdk === false || $table === false) {
    fwrite(STDERR, "usage: LAUNCHDARKLY_PHP_SDK=… TABLE=… php -d ffi.enable=1 adapter.php\n");
    exit(1);
}
spl_autoload_register(static function (string $class) use ($sdk): void {
    $file = strtr($class, '\\', '/') . '.php';
    foreach (["$sdk/src/$file", "$sdk/$file", stream_resolve_include_path($file)] as $candidate) {
        if ($candidate !== false && is_file($candidate)) {
            require $candidate;
            break;
        }
    }
});

$connect = DynamoDb::featureRequester([
    'dynamodb_table' => $table,
    'dynamodb_prefix' => getenv('PREFIX') ?: null,
    'dynamodb_options' => ['endpoint' => getenv('ENDPOINT') ?: null],
]);
$requester = $connect('https://not-used', 'no-sdk-key', []);
echo 'getAllFeatures: ', count($requester->getAllFeatures() ?? []), " flags\n";
foreach (['home-greeting', 'guest-checkout', 'seasonal-gift-wrap'] as $key) {
    $flag = $requester->getFeature($key);
    echo "getFeature $key: ", $flag === null ? 'null' : "version {$flag->getVersion()}", "\n";
}
