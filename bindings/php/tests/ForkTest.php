<?php

declare(strict_types=1);

namespace LdDynamoStore\Tests;

use LdDynamoStore\Store;
use PHPUnit\Framework\TestCase;

/** Children go on with the store they inherited, and harm neither each other nor the parent. */
final class ForkTest extends TestCase
{
    private const FORKS = 8;
    private const CHILD_SECONDS = 20;
    private const FLAG = '{"key":"flag","version":1}';

    public function testChildrenAnswerAndTheParentIsUnharmed(): void
    {
        $store = Engine::store(__FUNCTION__, ['attempt_timeout_ms' => 10000, 'operation_timeout_ms' => 15000]);
        $store->upsert('features', 'flag', self::FLAG);
        $children = [];
        $read = [];
        for ($number = 0; $number < self::FORKS; $number++) {
            $children[$number] = $this->fork(fn () => $this->runChild($store, $number));
            // The parent goes on over the connection that the child inherited.
            $read[] = $store->get('features', 'flag');
        }
        $ends = [];
        while ($children !== []) {
            $read[] = $store->get('features', 'flag');
            foreach ($children as $number => $child) {
                if (pcntl_waitpid($child, $status, WNOHANG) !== 0) {
                    $ends[$number] = $this->describe($status);
                    unset($children[$number]);
                }
            }
        }
        // Once, for all of them: how often the parent reads while they end says nothing.
        self::assertSame([self::FLAG], array_values(array_unique($read)));
        ksort($ends);
        self::assertSame(array_fill(0, self::FORKS, 'exit status 0'), $ends);
        for ($number = 0; $number < self::FORKS; $number++) {
            self::assertSame('{"version":1}', $store->get('features', "child-$number"));
        }
    }

    /** What a child does; its destructors run at its end, also that of the inherited store. */
    private function runChild(Store $store, int $number): bool
    {
        for ($call = 0; $call < 5; $call++) {
            if ($store->get('features', 'flag') !== self::FLAG) {
                return false;
            }
        }
        if (!$store->upsert('features', "child-$number", '{"version":1}')->isWritten()) {
            return false;
        }
        if ($number % 2 === 0) {
            $store->close();
        }
        $own = Engine::store('testChildrenAnswerAndTheParentIsUnharmed');

        return $own->get('features', 'flag') === self::FLAG;
    }

    /** @param callable(): bool $run */
    private function fork(callable $run): int
    {
        $child = pcntl_fork();
        if ($child === -1) {
            self::fail('fork failed');
        }
        if ($child === 0) {
            // SIGALRM at its default ends a child that hangs inside the library.
            pcntl_alarm(self::CHILD_SECONDS);
            try {
                $good = $run();
            } catch (\Throwable $failure) {
                fwrite(STDERR, "child: $failure\n");
                $good = false;
            }
            exit($good ? 0 : 1);
        }

        return $child;
    }

    private function describe(int $status): string
    {
        return pcntl_wifsignaled($status) ? 'ended by signal ' . pcntl_wtermsig($status) : 'exit status ' . pcntl_wexitstatus($status);
    }
}
