<?php

declare(strict_types=1);

namespace LdDynamoStore\Tests;

use PHPUnit\Framework\TestCase;

/** Requests that end in any way leave nothing behind in the worker that served them. */
final class RequestTest extends TestCase
{
    private const REQUESTS = 20;

    private Worker $worker;

    protected function setUp(): void
    {
        $this->worker = new Worker(json_encode(['table' => Engine::TABLE] + Engine::options(self::class), JSON_THROW_ON_ERROR));
    }

    protected function tearDown(): void
    {
        $this->worker->stop();
    }

    /** @dataProvider endings */
    public function testARequestLeavesNoDescriptorBehind(string $end, string $answer): void
    {
        self::assertSame($answer, $this->worker->request($end));
        $before = $this->worker->descriptors();
        for ($request = 0; $request < self::REQUESTS; $request++) {
            self::assertSame($answer, $this->worker->request($end));
        }
        // The server may not have closed the connection of the request before yet.
        self::assertEqualsWithDelta($before, $this->worker->descriptors(), 3);
    }

    /** @return array<string, array{string, string}> how a request ends, and what it has answered until then */
    public static function endings(): array
    {
        $endings = [
            'return' => 'got ',
            'exit' => 'got ended',
            'exception' => 'got ',
            'error' => 'got ',
            'no memory' => 'got ',
            'no memory, in pieces' => 'got ',
            'exit in the logger' => 'got ended',
            'error in the logger' => 'got ',
            'exception in the logger' => 'got upserted ',
            'no memory in the logger' => 'got ',
            'an exit, before a shutdown function that uses the store' => 'got endedabsent',
            'an error, before a shutdown function that uses the store' => 'got absent',
        ];

        return array_map(static fn (string $end, string $answer): array => [$end, $answer], array_keys($endings), $endings);
    }
}
