<?php

declare(strict_types=1);

// Runs the tests without Composer.
require dirname(__DIR__) . '/autoload.php';
require __DIR__ . '/autoload.php';

const ROOT = __DIR__ . '/../../..';

if (getenv('LD_DYNAMO_STORE_LIBRARY') === false) {
    putenv('LD_DYNAMO_STORE_LIBRARY=' . realpath(ROOT . '/target/release') . '/libld_dynamo_store.so');
}

// A hang ends the run as a failure: SIGALRM is left at its default, so that it also ends a process that is inside the library.
pcntl_alarm(240);
