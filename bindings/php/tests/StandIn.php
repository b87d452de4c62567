<?php

declare(strict_types=1);

namespace LdDynamoStore\Tests;

/** A library between the package and the real one, that counts what is handed out and not given back: tests/c/stand_in.c. */
final class StandIn
{
    public readonly string $library;
    private readonly string $counts;

    public function __construct()
    {
        $folder = sys_get_temp_dir() . '/ld-dynamo-store-' . bin2hex(random_bytes(8));
        mkdir($folder);
        $this->library = "$folder/stand_in.so";
        $this->counts = "$folder/counts";
        touch($this->counts);
        $command = ['cc', '-std=gnu11', '-shared', '-fPIC', '-I', ROOT . '/include', ROOT . '/tests/c/stand_in.c', '-o', $this->library];
        $process = proc_open($command, [2 => ['pipe', 'w']], $pipes);
        $said = $process === false ? 'cc does not start' : (string) stream_get_contents($pipes[2]);
        if ($process === false || proc_close($process) !== 0) {
            throw new \RuntimeException("the stand-in was not compiled: $said");
        }
        // It reads them when it is loaded.
        putenv("LD_DYNAMO_STAND_IN=$this->counts");
        putenv('LD_DYNAMO_STAND_IN_FOR=' . getenv('LD_DYNAMO_STORE_LIBRARY'));
    }

    /** @return array<string, int> how many "strings", "errors" and "stores" are not given back */
    public function kept(): array
    {
        return unpack('qstrings/qerrors/qstores', (string) file_get_contents($this->counts)) ?: throw new \RuntimeException('no counts');
    }

    public function remove(): void
    {
        array_map(unlink(...), [$this->library, $this->counts]);
        rmdir(dirname($this->library));
    }
}
