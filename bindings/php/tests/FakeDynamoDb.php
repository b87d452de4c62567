<?php

declare(strict_types=1);

namespace LdDynamoStore\Tests;

/** The scripted endpoint, a process of its own, which counts requests and takes any row. It ends when this process does. */
final class FakeDynamoDb
{
    public const TABLE = 'flags';

    public readonly string $address;

    /** @var resource */
    private $process;

    /** @var array<int, resource> */
    private array $pipes = [];

    public function __construct()
    {
        $command = [ROOT . '/target/release/fake-dynamodb', '--exit-with-stdin', '--create-table', self::TABLE];
        $process = proc_open($command, [['pipe', 'r'], ['pipe', 'w']], $this->pipes);
        if ($process === false) {
            throw new \RuntimeException('fake-dynamodb does not start');
        }
        $this->process = $process;
        $this->address = trim((string) fgets($this->pipes[1]));
    }

    public function stop(): void
    {
        fclose($this->pipes[0]);
        proc_close($this->process);
    }

    /** @return array<string, mixed> settings of the AWS SDK's client */
    public function awsOptions(): array
    {
        return ['region' => 'us-east-1', 'endpoint' => $this->address, 'credentials' => ['key' => 'local', 'secret' => 'local']];
    }

    /** Forgets what was counted, and all rows. */
    public function reset(): void
    {
        $this->post('reset?tables=true');
    }

    /** Puts a row with this text as its item, whatever it is. */
    public function put(string $namespace, string $key, string $item, int $version = 1): void
    {
        $this->putRow(['namespace' => ['S' => $namespace], 'key' => ['S' => $key], 'version' => ['N' => (string) $version], 'item' => ['S' => $item]]);
    }

    /** @param array<string, array<string, mixed>> $row */
    public function putRow(array $row): void
    {
        $this->post('put?table=' . self::TABLE, [$row]);
    }

    /** @param array<string, mixed> $action */
    public function rule(array $action): void
    {
        $this->post('rules', ['action' => $action]);
    }

    public function connections(): int
    {
        return $this->counters()['connections'];
    }

    /** @return array<string, int> by operation */
    public function requests(): array
    {
        return array_filter($this->counters()['requests']);
    }

    /** @return array<string, mixed> */
    private function counters(): array
    {
        return json_decode((string) file_get_contents("$this->address/_control/counters"), true, flags: JSON_THROW_ON_ERROR);
    }

    private function post(string $path, mixed $content = null): void
    {
        $text = $content === null ? '' : json_encode($content, JSON_THROW_ON_ERROR);
        $http = ['method' => 'POST', 'header' => 'content-type: application/json', 'content' => $text, 'ignore_errors' => true];
        $answer = (string) file_get_contents("$this->address/_control/$path", false, stream_context_create(['http' => $http]));
        if (str_contains($answer, '"error"')) {
            throw new \RuntimeException($answer);
        }
    }
}
