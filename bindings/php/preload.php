<?php

declare(strict_types=1);

/*
 * Preloads this package: php.ini names this file, or one that requires it, as opcache.preload. Its classes may then use FFI where ffi.enable is
 * "preload", as it is by default, and where PHP allows it, requests find the native library declared.
 */

namespace LdDynamoStore;

use LaunchDarkly\Subsystems\BigSegmentsStore;
use LaunchDarkly\Subsystems\FeatureRequester;

require_once __DIR__ . '/autoload.php';

(static function (): void {
    // The adapter needs the SDK's interfaces, which the file that requires this one may load.
    $folders = interface_exists(FeatureRequester::class) ? '{,Exception/,LaunchDarkly/}' : '{,Exception/}';
    foreach (glob(__DIR__ . "/src/$folders*.php", GLOB_BRACE) ?: [] as $file) {
        // The SDK has Big Segments from 6.4 on.
        if (basename($file) === 'DynamoDbBigSegmentsStore.php' && !interface_exists(BigSegmentsStore::class)) {
            continue;
        }
        require_once $file;
    }
    if ((string) ini_get('opcache.preload') === '') {
        // Run as a program, there is nothing to keep it for.
        return;
    }
    try {
        Native::preload();
    } catch (Exception\LibraryException $failure) {
        // Requests look for themselves, with the environment of their pool.
        error_log(LogLine::of("ld-dynamo-store: each request declares the native library anew: {$failure->getMessage()}"));
    }
})();
