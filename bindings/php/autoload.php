<?php

declare(strict_types=1);

/*
 * Loads this package's classes in a program that does without Composer: the mapping that composer.json declares.
 */

spl_autoload_register(static function (string $class): void {
    if (str_starts_with($class, 'LdDynamoStore\\')) {
        $file = __DIR__ . '/src/' . strtr(substr($class, strlen('LdDynamoStore\\')), '\\', '/') . '.php';
        if (is_file($file)) {
            require $file;
        }
    }
});
