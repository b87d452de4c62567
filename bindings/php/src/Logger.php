<?php

declare(strict_types=1);

namespace LdDynamoStore;

use Psr\Log\LoggerInterface;

/**
 * A user's function or PSR-3 logger for log messages. It is called outside of the library, so it may throw, end the request, or use the store again.
 *
 * @internal
 */
final class Logger
{
    /** What is delivered for one call, together with those that the function makes meanwhile; the rest is counted. */
    private const MAXIMUM_MESSAGES = 256;

    /** PSR-3's names. */
    private const LEVELS = [
        LogLevel::ERROR => 'error',
        LogLevel::WARN => 'warning',
        LogLevel::INFO => 'info',
        LogLevel::DEBUG => 'debug',
        LogLevel::TRACE => 'debug',
    ];

    /** @var array<int, array{int, string}> */
    private array $waiting = [];
    private int $taken = 0;
    private int $dropped = 0;

    /** What lives as long as a delivery is under way; `exit` in the function ends one without a `finally`. */
    private ?\WeakReference $delivery = null;

    /** @param \Closure(int, string): mixed $function */
    public function __construct(private readonly \Closure $function)
    {
    }

    public static function of(callable|LoggerInterface $logger): self
    {
        if ($logger instanceof LoggerInterface) {
            return new self(static fn (int $level, string $message) => $logger->log(self::LEVELS[$level], $message));
        }

        return new self($logger(...));
    }

    /**
     * Hands messages to the function, with those of calls that it makes meanwhile: it is not called from within itself.
     *
     * @param array<int, array{int, string}> $messages
     */
    public function deliver(array $messages): void
    {
        if ($messages === []) {
            return;
        }
        if ($this->delivery?->get() !== null) {
            $this->add($messages);

            return;
        }
        $delivery = new \stdClass();
        $this->delivery = \WeakReference::create($delivery);
        [$this->waiting, $this->taken, $this->dropped] = [[], 0, 0];
        $this->add($messages);
        $process = getmypid();
        // A child that the function forked leaves the rest to its parent.
        while ($this->waiting !== [] && getmypid() === $process) {
            $this->log(...array_shift($this->waiting));
        }
        if ($this->dropped > 0 && getmypid() === $process) {
            $this->log(LogLevel::WARN, "$this->dropped more log messages of this call were dropped");
        }
    }

    /** @param array<int, array{int, string}> $messages */
    private function add(array $messages): void
    {
        $kept = array_slice($messages, 0, self::MAXIMUM_MESSAGES - $this->taken);
        $this->taken += count($kept);
        $this->dropped += count($messages) - count($kept);
        array_push($this->waiting, ...$kept);
    }

    private function log(int $level, string $message): void
    {
        try {
            ($this->function)($level, $message);
        } catch (\Throwable) {
            // A broken logger must not fail the call that had something to say.
        }
    }
}
