<?php

declare(strict_types=1);

/*
 * Where the classes are that the tests need: their own; LaunchDarkly's, of the checkouts that LAUNCHDARKLY_PHP_SDK and LAUNCHDARKLY_PHP_SHARED_TESTS
 * name, or stand-ins for the SDK's interfaces; and what Debian packages of PHP libraries put on the include path.
 */
spl_autoload_register(static function (string $class): void {
    $sdk = getenv('LAUNCHDARKLY_PHP_SDK');
    $sharedTests = getenv('LAUNCHDARKLY_PHP_SHARED_TESTS');
    $folders = [
        'LdDynamoStore\\Tests\\Sdk\\' => __DIR__ . '/sdk',
        'LdDynamoStore\\Tests\\' => __DIR__,
        'LaunchDarkly\\SharedTest\\' => "$sharedTests/src",
        'LaunchDarkly\\' => is_string($sdk) && $sdk !== '' ? "$sdk/src/LaunchDarkly" : __DIR__ . '/LaunchDarkly',
    ];
    foreach ($folders as $namespace => $folder) {
        if (str_starts_with($class, $namespace)) {
            $file = $folder . '/' . strtr(substr($class, strlen($namespace)), '\\', '/') . '.php';
            if (is_file($file)) {
                require $file;
            }

            return;
        }
    }
    $file = stream_resolve_include_path(strtr($class, '\\', '/') . '.php');
    if ($file !== false) {
        require $file;
    }
});
