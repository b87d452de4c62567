<?php

declare(strict_types=1);

/*
 * Measures what this package costs, and beside it LaunchDarkly's own store where that can be had, in one run on one engine.
 *
 *   php -d ffi.enable=1 benchmarks/compare.php [AUTOLOAD]
 *
 * AUTOLOAD is Composer's autoload.php of a project with launchdarkly/server-sdk-dynamodb; without it, stand-ins for the SDK's classes are used. Needs
 * the built fake-dynamodb. Times are wall clock and CPU of this process; the engine runs in another one.
 */

namespace LdDynamoStore\Tests;

use LdDynamoStore\LaunchDarkly\DynamoDb;
use LdDynamoStore\Native;
use LdDynamoStore\Store;

if (isset($argv[1])) {
    require $argv[1];
}
require __DIR__ . '/../autoload.php';
require __DIR__ . '/../tests/bootstrap.php';

// Warnings of old versions of the AWS SDK on new ones of PHP are none of this program's.
error_reporting(E_ALL & ~E_DEPRECATED);
pcntl_alarm(600);

const ROUNDS = 5;
const FLAGS = 1000;

/** A flag of about 1 KB. */
function flag(int $number): string
{
    $clause = ['attribute' => 'country', 'op' => 'in', 'values' => array_map(static fn (int $value): string => "value-$value", range(1, 40)), 'negate' => false];

    return json_encode([
        'key' => "flag-$number",
        'version' => 1,
        'on' => true,
        'prerequisites' => [],
        'targets' => [],
        'rules' => [['id' => "rule-$number", 'variation' => 0, 'clauses' => [$clause], 'trackEvents' => false]],
        'fallthrough' => ['rollout' => ['variations' => [['variation' => 0, 'weight' => 50000], ['variation' => 1, 'weight' => 50000]]]],
        'offVariation' => 1,
        'variations' => [true, false],
        'salt' => '0123456789abcdef0123456789abcdef',
        'deleted' => false,
    ], JSON_THROW_ON_ERROR);
}

/** @return array{float, float} microseconds of wall clock and of CPU, now */
function now(): array
{
    $used = getrusage();
    assert(is_array($used));

    return [hrtime(true) / 1e3, ($used['ru_utime.tv_sec'] + $used['ru_stime.tv_sec']) * 1e6 + $used['ru_utime.tv_usec'] + $used['ru_stime.tv_usec']];
}

/** Prints the medians of some rounds of calls, after a warm-up. */
function measure(string $name, int $calls, callable $call): void
{
    for ($warm = 0; $warm < max(1, $calls / 10); $warm++) {
        $call();
    }
    $rounds = [];
    for ($round = 0; $round < ROUNDS; $round++) {
        $begin = now();
        for ($number = 0; $number < $calls; $number++) {
            $call();
        }
        $rounds[] = array_map(static fn (float $end, float $start): float => ($end - $start) / $calls, now(), $begin);
    }
    $medians = array_map(static function (int $which) use ($rounds): float {
        $column = array_column($rounds, $which);
        sort($column);

        return $column[intdiv(ROUNDS, 2)];
    }, [0, 1]);
    printf("| %s | %.1f | %.1f |\n", $name, ...$medians);
}

$engine = new FakeDynamoDb();
for ($number = 0; $number < FLAGS; $number++) {
    $engine->put('features', "flag-$number", flag($number));
}
$native = ['endpoint' => $engine->address, 'region' => 'us-east-1', 'credentials' => ['access_key_id' => 'local', 'secret_access_key' => 'local']];
$options = ['dynamodb_table' => FakeDynamoDb::TABLE, 'dynamodb_options' => $engine->awsOptions()];
$ours = DynamoDb::featureRequester($options);
$stores = ["this package's" => static fn (array $more = []) => $ours('', '', $more)];
if (class_exists(\LaunchDarkly\Integrations\DynamoDb::class)) {
    $official = \LaunchDarkly\Integrations\DynamoDb::featureRequester($options);
    $stores['the official'] = static fn (array $more = []) => $official('', '', $more);
}

echo "| call | µs | µs CPU |\n| --- | ---: | ---: |\n";
$store = new Store(FakeDynamoDb::TABLE, $native);
measure('Store: get, cached', 20000, static fn () => $store->get('features', 'flag-1'));
measure('Store: all of ' . FLAGS . ', cached', 50, static fn () => $store->all('features'));
$store = new Store(FakeDynamoDb::TABLE, ['cache_ttl_ms' => 0] + $native);
measure('Store: get', 3000, static fn () => $store->get('features', 'flag-1'));
measure('Store: made and freed, shared', 3000, static fn () => new Store(FakeDynamoDb::TABLE, ['share' => true] + $native));
$declare = new \ReflectionMethod(Native::class, 'declare');
measure('the header declared (FFI::cdef)', 1000, static fn () => $declare->invoke(null, Native::load()->path));
if (Native::load()->isPreloaded) {
    $preloaded = new \ReflectionMethod(Native::class, 'preloaded');
    measure('the header found preloaded (FFI::scope)', 1000, static fn () => $preloaded->invoke(null, Native::load()->path));
}
foreach ($stores as $name => $make) {
    $requester = $make();
    measure("$name: getFeature", 500, static fn () => $requester->getFeature('flag-1'));
    measure("$name: a request: made, one getFeature", 200, static fn () => $make()->getFeature('flag-1'));
    measure("$name: getAllFeatures of " . FLAGS, 20, static fn () => $requester->getAllFeatures());
}
$prefetching = DynamoDb::featureRequester($options + ['prefetch' => true]);
measure("this package's: a request: made, 50 getFeature of " . FLAGS . ', prefetched', 20, static function () use ($prefetching): void {
    $requester = $prefetching('', '', []);
    for ($number = 0; $number < 50; $number++) {
        $requester->getFeature("flag-$number");
    }
});
$caching = DynamoDb::featureRequester($options + ['worker_cache_ttl' => 60]);
measure("this package's: a request: made, one getFeature, worker_cache_ttl", 500, static fn () => $caching('', '', [])->getFeature('flag-1'));
$engine->stop();
