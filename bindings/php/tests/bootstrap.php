<?php

declare(strict_types=1);

// Runs the tests without Composer: the same mapping that composer.json declares.
spl_autoload_register(static function (string $class): void {
    foreach (['LdDynamoStore\\Tests\\' => __DIR__, 'LdDynamoStore\\' => dirname(__DIR__) . '/src'] as $namespace => $folder) {
        if (str_starts_with($class, $namespace)) {
            require $folder . '/' . str_replace('\\', '/', substr($class, strlen($namespace))) . '.php';

            return;
        }
    }
});

const ROOT = __DIR__ . '/../../..';

if (getenv('LD_DYNAMO_STORE_LIBRARY') === false) {
    putenv('LD_DYNAMO_STORE_LIBRARY=' . realpath(ROOT . '/target/release') . '/libld_dynamo_store.so');
}

// A hang ends the run as a failure: SIGALRM is left at its default, so that it also ends a process that is inside the library.
pcntl_alarm(240);
