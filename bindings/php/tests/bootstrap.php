<?php

declare(strict_types=1);

// Runs the tests without Composer.
require dirname(__DIR__) . '/autoload.php';
require __DIR__ . '/autoload.php';

const ROOT = __DIR__ . '/../../..';

if (getenv('LD_DYNAMO_STORE_LIBRARY') === false) {
    $library = realpath(ROOT . '/target/release') . '/libld_dynamo_store.so';
    passthru(escapeshellarg(ROOT . '/tests/require_current.sh') . ' ' . escapeshellarg($library), $status);
    $status === 0 || throw new RuntimeException('the library is older than its sources');
    putenv("LD_DYNAMO_STORE_LIBRARY=$library");
}

// Processes that tests start have folders of their own.
foreach (['LAUNCHDARKLY_PHP_SDK', 'LAUNCHDARKLY_PHP_SHARED_TESTS', 'LD_DYNAMO_STORE_LIBRARY'] as $name) {
    $path = (string) getenv($name);
    if ($path !== '') {
        putenv("$name=" . (realpath($path) ?: throw new RuntimeException("$name names $path, which is not there")));
    }
}

// A hang ends the run as a failure: SIGALRM is left at its default, so that it also ends a process that is inside the library.
pcntl_alarm(240);
