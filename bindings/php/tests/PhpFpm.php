<?php

declare(strict_types=1);

namespace LdDynamoStore\Tests;

/** PHP-FPM with one worker that serves fpm_request.php, and a client of its protocol. */
final class PhpFpm
{
    private const SECONDS = 20;
    private const VERSION = 1;
    private const BEGIN_REQUEST = 1;
    private const END_REQUEST = 3;
    private const PARAMETERS = 4;
    private const INPUT = 5;
    private const OUTPUT = 6;

    private readonly string $folder;

    /** @var resource */
    private $process;

    /**
     * @param array<int, string> $pool lines of the pool's configuration
     * @param array<string, string> $settings of php.ini
     * @param array<string, string>|null $environment that in which it starts; null for that of this process
     */
    public function __construct(array $pool = [], array $settings = [], ?array $environment = null)
    {
        $this->folder = sys_get_temp_dir() . '/ld-dynamo-store-fpm-' . bin2hex(random_bytes(6));
        mkdir($this->folder, 0700);
        $user = posix_getpwuid(posix_geteuid())['name'] ?? 'root';
        $lines = [
            '[global]',
            "error_log = $this->folder/log",
            'daemonize = no',
            '[www]',
            "user = $user",
            "listen = $this->folder/socket",
            'pm = static',
            'pm.max_children = 1',
            'catch_workers_output = yes',
            ...$pool,
        ];
        file_put_contents("$this->folder/fpm.conf", implode("\n", $lines) . "\n");
        $command = [self::program(), '-F', '-R', '-y', "$this->folder/fpm.conf"];
        foreach ($settings + ['memory_limit' => '32M', 'display_errors' => '0'] as $name => $value) {
            array_push($command, '-d', "$name=$value");
        }
        $process = proc_open($command, [['file', '/dev/null', 'r'], ['file', '/dev/null', 'w'], ['file', "$this->folder/errors", 'w']], $pipes, null, $environment);
        if ($process === false) {
            throw new \RuntimeException('PHP-FPM does not start');
        }
        $this->process = $process;
        for ($end = microtime(true) + self::SECONDS; !$this->isListening();) {
            if (microtime(true) > $end || !proc_get_status($process)['running']) {
                throw new \RuntimeException('PHP-FPM does not listen: ' . $this->log());
            }
            usleep(20000);
        }
    }

    /**
     * Serves one request.
     *
     * @param array<string, string> $query
     *
     * @return string its answer without headers
     */
    public function request(array $query): string
    {
        $connection = stream_socket_client("unix://$this->folder/socket", timeout: self::SECONDS);
        if ($connection === false) {
            throw new \RuntimeException('PHP-FPM takes no connection');
        }
        stream_set_timeout($connection, self::SECONDS);
        $parameters = '';
        $given = ['REQUEST_METHOD' => 'GET', 'SCRIPT_FILENAME' => __DIR__ . '/fpm_request.php', 'QUERY_STRING' => http_build_query($query)];
        foreach ($given as $name => $value) {
            $parameters .= pack('CN', strlen($name), strlen($value) | 1 << 31) . $name . $value;
        }
        // The role of a responder, which closes the connection.
        fwrite($connection, self::record(self::BEGIN_REQUEST, pack('nCx5', 1, 0)) . self::record(self::PARAMETERS, $parameters)
            . self::record(self::PARAMETERS, '') . self::record(self::INPUT, ''));
        $answer = '';
        do {
            $head = unpack('Cversion/Ctype/nid/nlength/Cpadding', (string) stream_get_contents($connection, 8));
            if ($head === false) {
                throw new \RuntimeException('PHP-FPM broke off: ' . $this->log());
            }
            $content = substr((string) stream_get_contents($connection, $head['length'] + $head['padding']), 0, $head['length']);
            $answer .= $head['type'] === self::OUTPUT ? $content : '';
        } while ($head['type'] !== self::END_REQUEST);

        return explode("\r\n\r\n", $answer, 2)[1] ?? '';
    }

    /** What PHP-FPM and PHP have logged. */
    public function log(): string
    {
        return file_get_contents("$this->folder/errors") . @file_get_contents("$this->folder/log");
    }

    public function stop(): void
    {
        proc_terminate($this->process);
        proc_close($this->process);
        array_map(unlink(...), glob("$this->folder/*") ?: []);
        rmdir($this->folder);
    }

    private function isListening(): bool
    {
        $connection = @stream_socket_client("unix://$this->folder/socket", timeout: 1);

        return $connection !== false && fclose($connection);
    }

    private static function record(int $type, string $content): string
    {
        return pack('CCnnCx', self::VERSION, $type, 1, strlen($content), 0) . $content;
    }

    private static function program(): string
    {
        $name = 'php-fpm' . PHP_MAJOR_VERSION . '.' . PHP_MINOR_VERSION;
        foreach ([dirname(PHP_BINARY), '/usr/sbin', '/usr/local/sbin'] as $folder) {
            foreach ([$name, 'php-fpm'] as $file) {
                if (is_executable("$folder/$file")) {
                    return "$folder/$file";
                }
            }
        }
        throw new \RuntimeException("there is no $name");
    }
}
