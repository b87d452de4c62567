<?php

declare(strict_types=1);

namespace LdDynamoStore\Tests;

/** A process that serves one request after the other, as a worker of PHP-FPM does: PHP's own server with request.php. */
final class Worker
{
    private const SECONDS = 20;

    /** @var resource */
    private $process;

    /** @var array<int, resource> */
    private array $pipes = [];
    private readonly string $address;

    public function __construct(string $configuration)
    {
        $command = [PHP_BINARY, '-d', 'ffi.enable=1', '-d', 'memory_limit=32M', '-d', 'display_errors=0', '-d', 'output_buffering=0', '-S', '127.0.0.1:0', __DIR__ . '/request.php'];
        $process = proc_open($command, [2 => ['pipe', 'w']], $this->pipes, null, ['STORE' => $configuration] + getenv());
        if ($process === false) {
            throw new \RuntimeException('PHP\'s server does not start');
        }
        $this->process = $process;
        $this->address = $this->readAddress();
    }

    /** Serves one request that ends in this way. Returns its answer. */
    public function request(string $end): string
    {
        $context = stream_context_create(['http' => ['ignore_errors' => true, 'timeout' => self::SECONDS]]);
        $answer = file_get_contents("$this->address/?end=" . rawurlencode($end), false, $context);
        if ($answer === false) {
            throw new \RuntimeException("the worker did not answer a request that ends by: $end");
        }

        return $answer;
    }

    /** How many descriptors the worker has open. */
    public function descriptors(): int
    {
        return (int) $this->request('');
    }

    public function stop(): void
    {
        proc_terminate($this->process);
        proc_close($this->process);
    }

    /** What the server prints first tells the port that it was given. */
    private function readAddress(): string
    {
        $readable = [$this->pipes[2]];
        $none = null;
        $line = stream_select($readable, $none, $none, self::SECONDS) === 1 ? (string) fgets($this->pipes[2]) : '';
        if (preg_match('~\((http://[0-9.:]+)\)~', $line, $found) !== 1) {
            throw new \RuntimeException("PHP's server printed no address: $line");
        }

        return $found[1];
    }
}
