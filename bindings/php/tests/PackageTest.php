<?php

declare(strict_types=1);

namespace LdDynamoStore\Tests;

use LdDynamoStore\Platform;
use PHPUnit\Framework\TestCase;

/** The package as Composer gets it. */
final class PackageTest extends TestCase
{
    private const FILES = ['LICENSE', 'README.md', 'autoload.php', 'bin', 'composer.json', 'preload.php', 'src'];

    private string $folder;

    protected function setUp(): void
    {
        $this->folder = sys_get_temp_dir() . '/ld-dynamo-store-' . bin2hex(random_bytes(8));
        foreach (['x86_64-linux-gnu', 'x86_64-linux-musl', 'aarch64-linux-gnu', 'aarch64-linux-musl', Platform::name()] as $platform) {
            @mkdir("$this->folder/libraries/$platform", recursive: true);
            file_put_contents("$this->folder/libraries/$platform/libld_dynamo_store.so", "for $platform");
        }
        copy((string) getenv('LD_DYNAMO_STORE_LIBRARY'), "$this->folder/libraries/" . Platform::name() . '/libld_dynamo_store.so');
    }

    protected function tearDown(): void
    {
        $this->execute('rm -r "$folder"');
    }

    public function testTheArchiveServesItsPlatforms(): void
    {
        $this->execute('"$root"/packaging/composer_archive.sh "$folder/libraries" "$folder/package.zip" && python3 -m zipfile -e "$folder/package.zip" "$folder/package"');
        self::assertSame(self::FILES, array_values(array_diff((array) scandir("$this->folder/package"), ['.', '..'])));

        $libraries = array_map(static fn (string $file): string => basename(dirname($file)), (array) glob("$this->folder/package/src/native/*/libld_dynamo_store.so"));
        self::assertContains('aarch64-linux-musl', $libraries);
        self::assertGreaterThanOrEqual(4, count($libraries));

        $program = 'require "package/autoload.php"; $native = LdDynamoStore\Native::load(); echo $native->path, " ", $native->functions->ld_dynamo_version();';
        [$path, $version] = explode(' ', $this->execute('cd "$folder" && unset LD_DYNAMO_STORE_LIBRARY && exec php -d ffi.enable=1 -r "$program"', ['program' => $program]));
        self::assertSame("$this->folder/package/src/native/" . Platform::name() . '/libld_dynamo_store.so', $path);
        $description = json_decode((string) file_get_contents("$this->folder/package/composer.json"), true);
        self::assertSame($version, $description['version']);
        self::assertSame('ld-dynamo-store/ld-dynamo-store', $description['name']);
    }

    public function testArchivesOfTheSameLibrariesAreEqual(): void
    {
        file_put_contents("$this->folder/libraries/" . Platform::name() . '/libld_dynamo_store.so', 'what is packaged is not looked at');
        $archive = '"$root"/packaging/composer_archive.sh "$folder/libraries"';
        $this->execute("umask 022; $archive \"\$folder/one.zip\"; chmod +x \"\$folder\"/libraries/*/*; umask 077; $archive \"\$folder/other.zip\"", ['SOURCE_DATE_EPOCH' => '1700000000']);
        self::assertFileEquals("$this->folder/one.zip", "$this->folder/other.zip");
        $listed = $this->execute('python3 -m zipfile -l "$folder/one.zip"');
        self::assertStringContainsString('2023-11-14 22:13:20', $listed);
        self::assertStringNotContainsString('tests/', $listed);
    }

    public function testAFolderWithoutLibrariesIsRefused(): void
    {
        $output = $this->execute('! "$root"/packaging/composer_archive.sh "$root/docs" "$folder/package.zip"');
        self::assertStringContainsString('there is no ', $output);
        self::assertFileDoesNotExist("$this->folder/package.zip");
    }

    /** @param array<string, string> $environment */
    private function execute(string $script, array $environment = []): string
    {
        $environment += ['folder' => $this->folder, 'root' => (string) realpath(ROOT)] + getenv();
        $process = proc_open(['bash', '-c', $script], [1 => ['pipe', 'w'], 2 => ['redirect', 1]], $pipes, null, $environment);
        self::assertNotFalse($process);
        $output = (string) stream_get_contents($pipes[1]);
        self::assertSame(0, proc_close($process), $output);

        return $output;
    }
}
