<?php

declare(strict_types=1);

namespace LdDynamoStore\LaunchDarkly;

/**
 * Takes one JSON text of many items apart without decoding them, for when one of them has more levels than PHP decodes.
 *
 * @internal
 */
final class ItemTexts
{
    /**
     * @param string $json a valid object whose members are all objects
     *
     * @return array<array-key, string> JSON texts by key
     */
    public static function of(string $json): array
    {
        $texts = [];
        $key = '';
        $start = 0;
        $depth = 0;
        $end = strlen($json);
        for ($at = 0; $at < $end; $at += 1 + strcspn($json, '"[]{}', $at + 1)) {
            if ($json[$at] === '"') {
                $last = self::endOfString($json, $at);
                if ($depth === 1) {
                    $key = (string) json_decode(substr($json, $at, $last - $at + 1));
                }
                $at = $last;
            } elseif ($json[$at] === '{' || $json[$at] === '[') {
                if ($depth++ === 1) {
                    $start = $at;
                }
            } elseif (--$depth === 1) {
                $texts[$key] = substr($json, $start, $at - $start + 1);
            }
        }

        return $texts;
    }

    /** Where the closing quote of the string is that begins here. */
    private static function endOfString(string $json, int $at): int
    {
        while ($json[$at += 1 + strcspn($json, '"\\', $at + 1)] === '\\') {
            // What it escapes is no end.
            $at++;
        }

        return $at;
    }
}
