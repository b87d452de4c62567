<?php

declare(strict_types=1);

namespace LdDynamoStore\Tests;

use LdDynamoStore\LaunchDarkly\DynamoDb;
use LdDynamoStore\LaunchDarkly\DynamoDbBigSegmentsStore;
use LdDynamoStore\LaunchDarkly\DynamoDbFeatureRequester;
use LdDynamoStore\Native;
use LdDynamoStore\Platform;
use PHPUnit\Framework\TestCase;

/** Where the native library is looked for, each in a process of its own. */
final class LibraryTest extends TestCase
{
    private const SOURCES = ROOT . '/bindings/php/src';

    private string $folder;

    protected function setUp(): void
    {
        $this->folder = sys_get_temp_dir() . '/ld-dynamo-store-' . bin2hex(random_bytes(8));
        mkdir($this->folder);
    }

    protected function tearDown(): void
    {
        $this->execute(['rm', '-r', $this->folder]);
    }

    public function testTheArgumentComesBeforeTheEnvironment(): void
    {
        $argument = $this->copyOfTheLibrary('argument.so');
        self::assertSame($argument, $this->load(argument: $argument, named: '/nowhere.so'));
    }

    public function testTheEnvironmentComesBeforeThePackagedFile(): void
    {
        $sources = $this->copyOfTheSources();
        $this->copyOfTheLibrary('src/libld_dynamo_store.so');
        $named = $this->copyOfTheLibrary('named.so');
        self::assertSame($named, $this->load(named: $named, sources: $sources));
    }

    public function testThePackagedFileComesBeforeTheSystem(): void
    {
        $sources = $this->copyOfTheSources();
        $packaged = $this->copyOfTheLibrary('src/libld_dynamo_store.so');
        self::assertSame($packaged, $this->load(sources: $sources, system: dirname((string) getenv('LD_DYNAMO_STORE_LIBRARY'))));
    }

    public function testAPackageForManyPlatformsHasOneForThis(): void
    {
        $sources = $this->copyOfTheSources();
        $this->copyOfTheLibrary('src/libld_dynamo_store.so');
        foreach (['x86_64-linux-gnu', 'x86_64-linux-musl', 'aarch64-linux-gnu', 'aarch64-linux-musl'] as $platform) {
            mkdir("$sources/native/$platform", recursive: true);
            file_put_contents("$sources/native/$platform/libld_dynamo_store.so", 'for another platform');
        }
        $ours = $this->copyOfTheLibrary('src/native/' . self::platform() . '/libld_dynamo_store.so');
        self::assertSame($ours, $this->load(sources: $sources));
    }

    public function testPhpMayBeConfinedToThePackage(): void
    {
        $sources = $this->copyOfTheSources();
        mkdir("$sources/native/" . self::platform(), recursive: true);
        $ours = $this->copyOfTheLibrary('src/native/' . self::platform() . '/libld_dynamo_store.so');
        self::assertSame($ours, $this->load(sources: $sources, settings: ['open_basedir' => $sources]));
        unlink($ours);
        $output = $this->load(sources: $sources, settings: ['open_basedir' => $sources, 'disable_functions' => 'php_uname']);
        self::assertStringContainsString('LibraryNotFoundException', $output);
        self::assertStringNotContainsString('Warning', $output);
    }

    public function testAPackageWithoutALibraryForThisPlatformSaysWhichItHas(): void
    {
        $sources = $this->copyOfTheSources();
        foreach (['riscv64-linux-gnu', 's390x-linux-musl'] as $platform) {
            mkdir("$sources/native/$platform", recursive: true);
            touch("$sources/native/$platform/libld_dynamo_store.so");
        }
        $output = $this->load(sources: $sources);
        self::assertStringContainsString('LibraryNotFoundException', $output);
        self::assertStringContainsString('has libraries for riscv64-linux-gnu, s390x-linux-musl, not for ' . self::platform() . ',', $output);
        // What was put there by hand is found all the same.
        $beside = $this->copyOfTheLibrary('src/libld_dynamo_store.so');
        self::assertSame($beside, $this->load(sources: $sources));
    }

    public function testWhereFfiIsForbiddenThePlatformIsNotAskedFor(): void
    {
        $sources = $this->copyOfTheSources();
        mkdir("$sources/native");
        $output = $this->load(sources: $sources, settings: ['ffi.enable' => '0']);
        self::assertStringContainsString('LibraryException', $output);
        self::assertStringContainsString('ffi.enable', $output);
    }

    /** @dataProvider platforms */
    public function testPlatformsHaveTheNamesOfThePackages(string $machine, string $family, bool $hasGlibc, string $name): void
    {
        self::assertSame($name, Platform::nameOf($machine, $family, static fn (): bool => $hasGlibc));
    }

    /** @return array<int, array{string, string, bool, string}> */
    public static function platforms(): array
    {
        return [
            ['x86_64', 'Linux', true, 'x86_64-linux-gnu'],
            ['amd64', 'Linux', false, 'x86_64-linux-musl'],
            ['aarch64', 'Linux', true, 'aarch64-linux-gnu'],
            ['arm64', 'Darwin', false, 'aarch64-macos'],
            ['AMD64', 'Windows', false, 'x86_64-windows'],
        ];
    }

    public function testALibraryForAnotherProcessor(): void
    {
        $path = $this->copyOfTheLibrary('riscv.so');
        // e_machine: RISC-V
        file_put_contents($path, substr_replace((string) file_get_contents($path), pack('v', 243), 18, 2));
        $output = $this->load(argument: $path);
        self::assertStringContainsString('LibraryNotFoundException', $output);
        self::assertStringContainsString('; this is ' . self::platform() . ', and needs the library for it', $output);
    }

    public function testALibraryForAnotherCLibrary(): void
    {
        // As a library for musl, it needs a file of which there is none.
        $compile = fn (string $name, string ...$needed): string => $this->execute(
            ['cc', '-shared', '-fPIC', "-Wl,-soname,$name", '-o', "$this->folder/$name", '-x', 'c', '/dev/null', '-x', 'none', '-Wl,--no-as-needed', ...$needed],
        );
        $compile('libc.musl-x86_64.so.1');
        $compile('musl.so', "$this->folder/libc.musl-x86_64.so.1");
        unlink("$this->folder/libc.musl-x86_64.so.1");
        self::assertStringContainsString('not for another processor, C library or', $this->load(argument: "$this->folder/musl.so"));
    }

    public function testTheSystemIsAskedForTheNameWithTheAbiMajor(): void
    {
        $this->copyOfTheLibrary('libld_dynamo_store.so.1');
        self::assertSame('libld_dynamo_store.so.1', $this->load(system: $this->folder));
    }

    public function testNothingFoundListsThePlaces(): void
    {
        $output = $this->load();
        self::assertStringContainsString('LibraryNotFoundException', $output);
        self::assertStringContainsString('LD_DYNAMO_STORE_LIBRARY is not set', $output);
        self::assertStringContainsString('/src/libld_dynamo_store.so', $output);
    }

    public function testANamedFileThatIsAbsentIsNotReplacedByAnother(): void
    {
        $output = $this->load(named: '/nowhere.so', system: dirname((string) getenv('LD_DYNAMO_STORE_LIBRARY')));
        self::assertStringContainsString('LibraryNotFoundException', $output);
        self::assertStringContainsString('LD_DYNAMO_STORE_LIBRARY names /nowhere.so', $output);
    }

    public function testAFileThatIsNoLibrary(): void
    {
        file_put_contents($this->folder . '/text.so', "no library\n");
        self::assertStringContainsString('LibraryNotFoundException', $this->load(argument: $this->folder . '/text.so'));
    }

    public function testAnotherLibrary(): void
    {
        $other = array_merge(glob('/lib/*/libm.so.6') ?: [], glob('/lib*/libm.so.6') ?: [])[0];
        self::assertStringContainsString('LibraryMismatchException', $this->load(argument: $other));
    }

    public function testAnotherAbiVersionSaysWhatToUpgrade(): void
    {
        $newer = $this->load(argument: $this->libraryOfAbi(2, 0));
        self::assertStringContainsString('LibraryMismatchException', $newer);
        self::assertStringContainsString('has ABI version 2.0, but this package needs 1.2 or a later 1.x: upgrade the package', $newer);
        self::assertStringContainsString('upgrade the native library', $this->load(argument: $this->libraryOfAbi(0, 9)));
    }

    public function testADamagedLibraryOfTheRightVersion(): void
    {
        self::assertStringContainsString('LibraryMismatchException', $this->load(argument: $this->libraryOfAbi(1, Native::ABI_MINOR)));
    }

    public function testPhpThatForbidsFfiIsToldFromAMissingLibrary(): void
    {
        $output = $this->load(named: (string) getenv('LD_DYNAMO_STORE_LIBRARY'), settings: ['ffi.enable' => '0']);
        self::assertStringContainsString('LibraryException', $output);
        self::assertStringContainsString('ffi.enable', $output);
    }

    /**
     * @param array<int, string> $interfaces those of the SDK that stand in
     * @param array<int, string> $expected the adapter's classes
     *
     * @dataProvider sdks
     */
    public function testThePreloadFileTakesWhatTheSdkHas(array $interfaces, array $expected): void
    {
        $code = sprintf('foreach (%s as $file) { require $file; } require %s;', var_export($interfaces, true), var_export(dirname(self::SOURCES) . '/preload.php', true))
            . 'echo json_encode(array_values(preg_grep("/^LdDynamoStore.LaunchDarkly.DynamoDb/", get_declared_classes())));';
        self::assertEqualsCanonicalizing($expected, json_decode($this->execute([PHP_BINARY, '-d', 'opcache.preload=', '-r', $code]), true));
    }

    /** @return array<string, array{array<int, string>, array<int, string>}> */
    public static function sdks(): array
    {
        [$features, $segments] = [__DIR__ . '/LaunchDarkly/Subsystems/FeatureRequester.php', __DIR__ . '/LaunchDarkly/Subsystems/BigSegmentsStore.php'];
        $adapter = [DynamoDb::class, DynamoDbFeatureRequester::class];

        return [
            'none' => [[], []],
            '6.0' => [[$features], $adapter],
            '6.4' => [[$features, $segments], [...$adapter, DynamoDbBigSegmentsStore::class]],
        ];
    }

    public function testTheTestsTakePathsThatAreRelative(): void
    {
        mkdir("$this->folder/sdk");
        symlink(dirname(self::SOURCES), "$this->folder/package");
        $code = 'chdir($argv[1]); foreach (["LAUNCHDARKLY_PHP_SDK", "LD_DYNAMO_STORE_LIBRARY"] as $name) { putenv("$name=./sdk"); }'
            . 'require "package/tests/bootstrap.php"; echo getenv("LAUNCHDARKLY_PHP_SDK"), getenv("LD_DYNAMO_STORE_LIBRARY");';
        self::assertSame(str_repeat(realpath($this->folder) . '/sdk', 2), $this->execute([PHP_BINARY, '-r', $code, $this->folder]));
    }

    /**
     * Loads the library in a new process. Returns its path, or the class and message of the exception.
     *
     * @param array<string, string> $settings of PHP
     */
    private function load(?string $argument = null, ?string $named = null, ?string $system = null, string $sources = self::SOURCES, array $settings = []): string
    {
        $script = sprintf(
            'spl_autoload_register(fn ($class) => require %s . str_replace("\\\\", "/", substr($class, strlen("LdDynamoStore"))) . ".php");'
            . 'try { echo LdDynamoStore\Native::load(%s)->path; } catch (LdDynamoStore\Exception\LibraryException $e) { echo $e::class, " ", $e->getMessage(); }',
            var_export($sources, true),
            var_export($argument, true),
        );
        $environment = array_filter(['PATH' => getenv('PATH'), 'LD_DYNAMO_STORE_LIBRARY' => $named, 'LD_LIBRARY_PATH' => $system], is_string(...));

        $command = [PHP_BINARY];
        foreach ($settings + ['ffi.enable' => '1'] as $name => $value) {
            array_push($command, '-d', "$name=$value");
        }

        return $this->execute([...$command, '-r', $script], $environment);
    }

    /** That of the tests, which run where a C library is installed to link with. */
    private static function platform(): string
    {
        return php_uname('m') . '-linux-' . (glob('/lib*/ld-linux-*.so.*') !== [] ? 'gnu' : 'musl');
    }

    private function copyOfTheLibrary(string $name): string
    {
        $path = $this->folder . '/' . $name;
        copy((string) getenv('LD_DYNAMO_STORE_LIBRARY'), $path);

        return $path;
    }

    private function copyOfTheSources(): string
    {
        $this->execute(['cp', '-r', self::SOURCES, $this->folder . '/src']);

        return $this->folder . '/src';
    }

    /** A library of another ABI version, made by the C compiler. */
    private function libraryOfAbi(int $major, int $minor): string
    {
        $path = "{$this->folder}/abi_{$major}_{$minor}";
        file_put_contents("$path.c", sprintf('unsigned ld_dynamo_abi_version(void) { return %du; }', $major << 16 | $minor));
        $this->execute(['cc', '-shared', '-fPIC', '-o', "$path.so", "$path.c"]);

        return "$path.so";
    }

    /**
     * @param array<int, string> $command
     * @param array<string, string>|null $environment
     */
    private function execute(array $command, ?array $environment = null): string
    {
        $process = proc_open($command, [1 => ['pipe', 'w'], 2 => ['redirect', 1]], $pipes, null, $environment);
        self::assertNotFalse($process);
        $output = (string) stream_get_contents($pipes[1]);
        self::assertSame(0, proc_close($process), $output);

        return $output;
    }
}
