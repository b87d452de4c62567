<?php

declare(strict_types=1);

namespace LdDynamoStore\Tests;

use LdDynamoStore\Store;

/** The embedded DynamoDB engine, one process for the whole run. It ends when this process does, since its standard input then ends. */
final class Engine
{
    public const TABLE = 'php-binding';

    private static ?string $address = null;

    /** @var resource|null */
    private static $process = null;

    /** @var array<int, resource> */
    private static array $pipes = [];

    public static function address(): string
    {
        return self::$address ??= self::start();
    }

    /**
     * The configuration of a store on the engine. Each prefix is a data set of its own.
     *
     * @param array<string, mixed> $more
     *
     * @return array<string, mixed>
     */
    public static function options(string $prefix, array $more = []): array
    {
        return $more + [
            'endpoint' => self::address(),
            'region' => 'us-east-1',
            'prefix' => $prefix,
            'cache_ttl_ms' => 0,
            'credentials' => ['access_key_id' => 'local', 'secret_access_key' => 'local'],
        ];
    }

    /** @param array<string, mixed> $more */
    public static function store(string $prefix, array $more = []): Store
    {
        return new Store(self::TABLE, self::options($prefix, $more));
    }

    private static function start(): string
    {
        $program = ROOT . '/target/release/local-dynamodb';
        $process = proc_open([$program, '--exit-with-stdin', '--create-table', self::TABLE], [['pipe', 'r'], ['pipe', 'w']], self::$pipes);
        if ($process === false) {
            throw new \RuntimeException("$program does not start");
        }
        self::$process = $process;
        $readable = [self::$pipes[1]];
        $none = null;
        $address = stream_select($readable, $none, $none, 20) === 1 ? fgets(self::$pipes[1]) : false;
        if ($address === false) {
            throw new \RuntimeException("$program printed no address");
        }

        return trim($address);
    }
}
