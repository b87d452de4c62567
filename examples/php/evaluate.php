#!/usr/bin/env php
<?php

/*
 * Evaluates flags with LaunchDarkly's PHP SDK, which reads them from a DynamoDB table through ld-dynamo-store.
 *
 *   LAUNCHDARKLY_PHP_SDK=php-server-sdk ENDPOINT=http://127.0.0.1:8000 TABLE=my-table php -d ffi.enable=1 evaluate.php
 *
 * LAUNCHDARKLY_PHP_SDK is a checkout of github.com/launchdarkly/php-server-sdk; what that needs (monolog, ramsey/uuid, psr/log, psr/cache) comes from
 * its vendor folder, or from PHP's include path, as Debian's packages have it. A program that uses Composer needs none of this. Without ENDPOINT it
 * uses the table in AWS, with the usual AWS settings. PREFIX goes before the namespace of every row.
 */

declare(strict_types=1);

use LaunchDarkly\LDClient;
use LaunchDarkly\LDContext;
use LdDynamoStore\LaunchDarkly\DynamoDb;

require __DIR__ . '/../../bindings/php/autoload.php';

[$sdk, $table] = [getenv('LAUNCHDARKLY_PHP_SDK'), getenv('TABLE')];
if ($sdk === false || $table === false) {
    fwrite(STDERR, "usage: LAUNCHDARKLY_PHP_SDK=… TABLE=… php -d ffi.enable=1 evaluate.php\n");
    exit(1);
}
if (is_file("$sdk/vendor/autoload.php")) {
    require "$sdk/vendor/autoload.php";
}
spl_autoload_register(static function (string $class) use ($sdk): void {
    $file = strtr($class, '\\', '/') . '.php';
    $found = is_file("$sdk/src/$file") ? "$sdk/src/$file" : stream_resolve_include_path($file);
    if ($found !== false) {
        require $found;
    }
});

$visitor = LDContext::builder('user-5150')->name('a visitor from Greece')->set('country', 'GR')->build();
$employee = LDContext::builder('zoë.müller')->name('an employee in Austria')->set('country', 'AT')->build();
$customer = LDContext::builder('user-0007')->name('a gold customer')->set('country', 'DE')->set('loyalty', ['tier' => 'gold'])->build();
$questions = [
    ['home-greeting', $visitor, 'Hello!'],
    ['home-greeting', $employee, 'Hello!'],
    ['checkout-redesign', $employee, 'control'],
    ['pricing-loyalty-discount', $customer, 0],
    ['guest-checkout', $visitor, false],
    ['seasonal-gift-wrap', $visitor, 'the default'],
];

$requester = DynamoDb::featureRequester([
    'dynamodb_table' => $table,
    'dynamodb_prefix' => getenv('PREFIX') ?: null,
    'dynamodb_options' => ['endpoint' => getenv('ENDPOINT') ?: null],
]);
$client = new LDClient('no-sdk-key', ['feature_requester' => $requester, 'send_events' => false]);
foreach ($questions as [$flag, $context, $default]) {
    $detail = $client->variationDetail($flag, $context, $default);
    $value = json_encode($detail->getValue(), JSON_THROW_ON_ERROR | JSON_UNESCAPED_UNICODE);
    $reason = $detail->getReason();
    echo "$flag for {$context->getName()}: $value ({$reason->getKind()}" . rtrim(' ' . ($reason->getErrorKind() ?? $reason->getRuleIndex())) . ")\n";
}
