<?php

declare(strict_types=1);

namespace LdDynamoStore\Tests;

use LdDynamoStore\Exception\LibraryException;
use LdDynamoStore\Native;
use PHPUnit\Framework\TestCase;

/** PHP-FPM as people have it: a cleared environment, FFI for preloaded code or for the pool, workers that serve many requests. */
final class PhpFpmTest extends TestCase
{
    private static FakeDynamoDb $engine;
    private ?PhpFpm $fpm = null;

    public static function setUpBeforeClass(): void
    {
        self::$engine = new FakeDynamoDb();
        file_put_contents(self::header(), Native::preloadableHeader());
    }

    public static function tearDownAfterClass(): void
    {
        self::$engine->stop();
        unlink(self::header());
    }

    protected function setUp(): void
    {
        self::$engine->reset();
        self::$engine->put('features', 'flag', '{"version":7,"key":"flag"}');
    }

    protected function tearDown(): void
    {
        $this->fpm?->stop();
    }

    /**
     * @param array<string, string> $settings
     *
     * @dataProvider waysToFfi
     */
    public function testTheSecondRequestOfAWorkerMakesNoConnection(array $settings, bool $isPreloaded, bool $isNamedInThePoolAlone = false): void
    {
        $this->start($settings, [], $isNamedInThePoolAlone ? array_diff_key(getenv(), ['LD_DYNAMO_STORE_LIBRARY' => '']) : null);
        self::assertSame(json_encode($isPreloaded), $this->fpm?->request(['do' => 'preloaded']), (string) $this->fpm?->log());
        $isComplaintDue = isset($settings['opcache.preload']) && !$isPreloaded;
        self::assertSame($isComplaintDue, str_contains((string) $this->fpm?->log(), 'each request declares the native library anew'));
        for ($request = 0; $request < 2; $request++) {
            self::assertSame('version 7', $this->fpm?->request(['do' => 'read', 'endpoint' => self::$engine->address]));
        }
        self::assertSame(['GetItem' => 2], self::$engine->requests());
        self::assertSame(1, self::$engine->connections());
    }

    /** @return array<string, array{array<string, string>, bool, 2?: bool}> */
    public static function waysToFfi(): array
    {
        $header = self::header();
        $preload = [
            'opcache.preload' => dirname(__DIR__) . '/preload.php',
            'opcache.preload_user' => posix_getpwuid(posix_geteuid())['name'] ?? '',
        ];

        return [
            'FFI for all' => [['ffi.enable' => 'true'], false],
            // Root's PHP preloads in another process, in which it declares nothing for FFI.
            'preloaded classes' => [$preload, posix_geteuid() !== 0],
            'a preloaded header' => [['ffi.enable' => 'true', 'ffi.preload' => $header], true],
            'both' => [$preload + ['ffi.preload' => $header], true],
            'both, with a pool that names the library' => [$preload + ['ffi.preload' => $header], true, true],
            'preloaded classes, with a pool that names the library' => [['ffi.enable' => 'true'] + $preload, false, true],
        ];
    }

    public function testAPreloadFileDeclaresTheLibraryForAllRequests(): void
    {
        $package = dirname(__DIR__);
        $library = (string) getenv('LD_DYNAMO_STORE_LIBRARY');
        $command = [PHP_BINARY, '-d', 'opcache.enable_cli=1', '-d', 'ffi.enable=preload'];
        if (posix_geteuid() === 0) {
            // Nobody reads a copy.
            $folder = sys_get_temp_dir() . '/ld-dynamo-store-' . bin2hex(random_bytes(6));
            $copied = [$library, "$package/src", "$package/autoload.php", "$package/preload.php"];
            exec("mkdir $folder && cp -r " . implode(' ', array_map(escapeshellarg(...), $copied)) . " $folder && chmod -R a+rX $folder");
            [$package, $library] = [$folder, "$folder/" . basename($library)];
            array_unshift($command, 'setpriv', '--reuid=65534', '--regid=65534', '--clear-groups');
        }
        $code = 'echo json_encode(LdDynamoStore\Native::load()->isPreloaded), "\n";'
            . 'echo json_decode((new LdDynamoStore\Store("flags"))->stats())->requests, "\n"; echo count(glob(sys_get_temp_dir() . "/ld_dynamo_store*"));';
        $before = count(glob(sys_get_temp_dir() . '/ld_dynamo_store*') ?: []);
        array_push($command, '-d', "opcache.preload=$package/preload.php", '-r', $code);
        $process = proc_open($command, [1 => ['pipe', 'w'], 2 => ['redirect', 1]], $pipes, null, ['LD_DYNAMO_STORE_LIBRARY' => $library]);
        self::assertNotFalse($process);
        $said = stream_get_contents($pipes[1]);
        proc_close($process);
        if (isset($folder)) {
            exec("rm -r $folder");
        }
        self::assertSame("true\n0\n$before", $said);
    }

    public function testFfiThatIsNotAllowedIsSaid(): void
    {
        $this->start([]);
        $answer = (string) $this->fpm?->request(['do' => 'read', 'endpoint' => self::$engine->address]);
        self::assertStringContainsString(LibraryException::class . ': PHP does not allow FFI here: ', $answer);
        self::assertStringContainsString('ffi.enable', $answer);
    }

    public function testApcuServesWhatAnEarlierRequestRead(): void
    {
        $this->start(['ffi.enable' => 'true']);
        foreach (['', 'other'] as $prefix) {
            for ($request = 0; $request < 2; $request++) {
                $read = ['do' => 'read', 'endpoint' => self::$engine->address, 'apc_expiration' => '60', 'prefix' => $prefix];
                self::assertSame($prefix === '' ? 'version 7' : 'version ', $this->fpm?->request($read));
            }
        }
        self::assertSame(['GetItem' => 2], self::$engine->requests());
        self::assertSame('[60,60]', $this->fpm?->request(['do' => 'seconds']));
    }

    /** @dataProvider ordersOfVariables */
    public function testAPlaceHasWhatAProgramSets(string $order): void
    {
        $this->start(['ffi.enable' => 'true', 'variables_order' => $order, 'auto_globals_jit' => '0'], ['env[AWS_REGION] = us-east-1']);
        $places = array_map(fn (string $profile): ?string => $this->fpm?->request(['do' => 'place', 'profile' => $profile]), ['one', 'other', 'one']);
        self::assertMatchesRegularExpression('/^[0-9a-f]{64}$/D', (string) $places[0]);
        self::assertSame($places[0], $places[2]);
        self::assertNotSame($places[0], $places[1]);
    }

    /** @return array<string, array{string}> */
    public static function ordersOfVariables(): array
    {
        return ['as PHP has it' => ['EGPCS'], 'as Debian has it' => ['GPCS']];
    }

    public function testAFatalErrorLeaksNothing(): void
    {
        $this->start(['ffi.enable' => 'true']);
        $fail = ['do' => 'fail', 'endpoint' => self::$engine->address];
        $this->fpm?->request($fail);
        $before = (int) $this->fpm?->request(['do' => 'descriptors']);
        for ($request = 0; $request < 20; $request++) {
            self::assertSame('', $this->fpm?->request($fail));
        }
        self::assertSame($before, (int) $this->fpm?->request(['do' => 'descriptors']));
        self::assertSame(1, self::$engine->connections());
    }

    public function testAClearedEnvironmentIsSaid(): void
    {
        // A pool that names some variables, one that the machine does not have, and forgets those that are needed.
        $pool = ['env[AWS_EC2_METADATA_DISABLED] = "true"', 'env[PATH] = /usr/bin', 'env[AWS_DEFAULT_REGION] = $LD_DYNAMO_STORE_ABSENT'];
        $this->start(['ffi.enable' => 'true'], $pool);
        $said = explode("\n", (string) $this->fpm?->request(['do' => 'complaint']));
        self::assertCount(2, $said);
        foreach ($said as $message) {
            self::assertStringContainsString('PHP-FPM may have cleared the environment', $message);
            self::assertLessThanOrEqual(300, strlen($message), $message);
            self::assertStringStartsWith('no AWS ', $message);
        }
    }

    public function testALongReasonLeavesRoomForTheHint(): void
    {
        $profiles = self::header() . '.profiles';
        $name = str_repeat('p', 200);
        file_put_contents($profiles, "[profile $name]\noutput = json\n");
        $pool = ['env[AWS_EC2_METADATA_DISABLED] = "true"', "env[AWS_CONFIG_FILE] = $profiles", 'env[AWS_SHARED_CREDENTIALS_FILE] = /dev/null'];
        $this->start(['ffi.enable' => 'true'], [...$pool, "env[AWS_PROFILE] = $name"]);
        $said = explode("\n", (string) $this->fpm?->request(['do' => 'complaint']))[0];
        unlink($profiles);
        self::assertStringStartsWith('no AWS region was found', $said);
        self::assertStringEndsWith('…; PHP-FPM may have cleared the environment: see clear_env and env[]', $said);
        self::assertLessThanOrEqual(300, strlen($said));
    }

    public function testWhatTheProgramNamesIsNotSoughtInTheEnvironment(): void
    {
        $profiles = self::header() . '.profiles';
        file_put_contents($profiles, "[profile bare]\nregion = us-east-1\n");
        $pool = ['env[AWS_EC2_METADATA_DISABLED] = "true"', "env[AWS_CONFIG_FILE] = $profiles", 'env[AWS_SHARED_CREDENTIALS_FILE] = /dev/null'];
        $this->start(['ffi.enable' => 'true'], $pool);
        foreach (['pushed', 'expired', 'a provider', 'a profile', 'JSON'] as $given) {
            $said = (string) $this->fpm?->request(['do' => 'complaint', 'given' => $given]);
            self::assertMatchesRegularExpression('/credentials/', $said, $given);
            self::assertStringNotContainsString('cleared', $said, $given);
        }
        $this->fpm?->stop();
        $this->start(['ffi.enable' => 'true'], [...$pool, 'env[AWS_PROFILE] = bare']);
        $said = (string) $this->fpm?->request(['do' => 'complaint']);
        unlink($profiles);
        self::assertStringContainsString('no AWS credentials were found', $said);
        self::assertStringNotContainsString('cleared', $said);
    }

    private static function header(): string
    {
        return sys_get_temp_dir() . '/ld-dynamo-store-' . getmypid() . '.h';
    }

    /**
     * @param array<string, string> $settings
     * @param array<int, string> $pool
     * @param array<string, string>|null $environment
     */
    private function start(array $settings, array $pool = [], ?array $environment = null): void
    {
        foreach (['LD_DYNAMO_STORE_LIBRARY', 'LAUNCHDARKLY_PHP_SDK'] as $name) {
            if (getenv($name) !== false) {
                $pool[] = "env[$name] = " . getenv($name);
            }
        }
        $this->fpm = new PhpFpm($pool, $settings, $environment);
    }
}
