<?php

declare(strict_types=1);

namespace LdDynamoStore;

/**
 * One line of bounded length for a log or a message, of texts that others wrote.
 *
 * @internal
 */
final class LogLine
{
    public const MAXIMUM_BYTES = 300;
    private const NAME_BYTES = 64;
    private const CUT = '…';

    /** The name of an option, which leaves room for what is said of it. */
    public static function name(string $name): string
    {
        return self::of($name, self::NAME_BYTES);
    }

    public static function of(string $text, int $maximum = self::MAXIMUM_BYTES): string
    {
        $line = (string) preg_replace('/[\x00-\x20\x7f]+/', ' ', $text);
        if (strlen($line) <= $maximum) {
            return $line;
        }
        $end = $maximum - strlen(self::CUT);
        // Not within a character of UTF-8.
        while ($end > 0 && (ord($line[$end]) & 0xC0) === 0x80) {
            $end--;
        }

        return substr($line, 0, $end) . self::CUT;
    }
}
