<?php

declare(strict_types=1);

namespace LdDynamoStore\Tests;

use LdDynamoStore\Exception\StoreException;
use LdDynamoStore\Logger;
use LdDynamoStore\LogLevel;
use LdDynamoStore\Native;
use LdDynamoStore\Status;
use PHPUnit\Framework\TestCase;

/** The package's constants are those of the C header. */
final class StatusTest extends TestCase
{
    /** @return array<string, int> every number that the C header defines, without `LD_DYNAMO_` */
    private static function definitions(): array
    {
        $header = (string) file_get_contents(ROOT . '/include/ld_dynamo_store.h');
        preg_match_all('/^#define LD_DYNAMO_(\w+) \(?(-?\d+)\)?$/m', $header, $found);

        return array_map('intval', array_combine($found[1], $found[2]));
    }

    /** @return array<string, int> */
    private static function statuses(): array
    {
        return array_filter(self::definitions(), static fn (string $name): bool => preg_match('/^(LOG|ABI|VERSION)_/', $name) === 0, ARRAY_FILTER_USE_KEY);
    }

    public function testEveryStatusOfTheHeaderIsAConstantAndNoOther(): void
    {
        $statuses = self::statuses();
        self::assertNotEmpty($statuses);
        self::assertEquals($statuses, (new \ReflectionClass(Status::class))->getConstants());
    }

    public function testEveryFailureHasAClassOfItsOwn(): void
    {
        $failures = array_filter(self::statuses(), static fn (int $status): bool => $status < 0);
        $classes = array_map(static fn (int $status): string => get_class(StoreException::of($status, 'message')), $failures);
        self::assertNotContains(StoreException::class, $classes);
        self::assertCount(count($failures), array_unique($classes));
    }

    public function testTheClassOfAFailureHasTheNameOfItsStatus(): void
    {
        $others = ['NULL_ARGUMENT' => 'InvalidArgument', 'INVALID_CONFIGURATION' => 'Configuration', 'SERVICE_ERROR' => 'Service'];
        foreach (array_filter(self::statuses(), static fn (int $status): bool => $status < 0) as $name => $status) {
            $words = $others[$name] ?? implode('', array_map(ucfirst(...), explode('_', strtolower($name))));
            self::assertSame("LdDynamoStore\\Exception\\{$words}Exception", StoreException::classFor($status));
        }
    }

    public function testAStatusOfANewerLibraryHasTheClassOfItsGroup(): void
    {
        $groups = [
            'InvalidArgument', 'Configuration', 'Service', 'Throttled', 'Connectivity', 'CorruptItem', 'ReadOnly', 'Store', 'Store', 'Internal', 'Store',
        ];
        $found = array_map(static fn (int $group): string => StoreException::classFor(-100 * $group - 99), array_keys($groups));
        self::assertSame(array_map(static fn (string $name): string => "LdDynamoStore\\Exception\\{$name}Exception", $groups), $found);
        self::assertSame(StoreException::class, StoreException::classFor(-12345));
    }

    public function testAnExceptionCarriesWhatTheLibrarySaid(): void
    {
        $exception = StoreException::of(Status::THROTTLED, 'message', true, 'ThrottlingException');
        self::assertSame(
            ['message', Status::THROTTLED, Status::THROTTLED, true, 'ThrottlingException'],
            [$exception->getMessage(), $exception->getCode(), $exception->status, $exception->retriable, $exception->serviceCode],
        );
    }

    public function testLogLevelsAreThoseOfTheHeader(): void
    {
        $levels = [];
        foreach (self::definitions() as $name => $number) {
            if (str_starts_with($name, 'LOG_')) {
                $levels[substr($name, 4)] = $number;
            }
        }
        self::assertNotEmpty($levels);
        self::assertEquals($levels, (new \ReflectionClass(LogLevel::class))->getConstants());
    }

    public function testALoggerOfPsr3HasALevelForEach(): void
    {
        $log = new Log();
        Logger::of($log)->deliver(array_map(static fn (int $level): array => [$level, "number $level"], range(1, 5)));
        self::assertSame(['error: number 1', 'warning: number 2', 'info: number 3', 'debug: number 4', 'debug: number 5'], $log->lines);
    }

    public function testTheAbiVersionIsOneThatTheHeaderHas(): void
    {
        self::assertSame(self::definitions()['ABI_MAJOR'], Native::ABI_MAJOR);
        self::assertGreaterThanOrEqual(Native::ABI_MINOR, self::definitions()['ABI_MINOR']);
    }

    public function testPhpsHeaderDeclaresEveryFunctionOfTheHeader(): void
    {
        $functions = static function (string $path): array {
            preg_match_all('/^(?!\s*\/\/).*\b(ld_dynamo_\w+)\(/m', (string) file_get_contents($path), $found);
            $names = array_unique($found[1]);
            sort($names);

            return $names;
        };
        // That one is for languages without a JSON parser.
        $declared = array_values(array_diff($functions(ROOT . '/include/ld_dynamo_store.h'), ['ld_dynamo_json_members']));
        self::assertNotEmpty($declared);
        self::assertSame($declared, $functions(Native::HEADER));
    }

    public function testTheComposerFileNamesTheSourceFolder(): void
    {
        $composer = json_decode((string) file_get_contents(ROOT . '/bindings/php/composer.json'), true, 512, JSON_THROW_ON_ERROR);
        self::assertSame(['LdDynamoStore\\' => 'src/'], $composer['autoload']['psr-4']);
    }
}
