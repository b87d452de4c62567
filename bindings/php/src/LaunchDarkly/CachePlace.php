<?php

declare(strict_types=1);

namespace LdDynamoStore\LaunchDarkly;

/**
 * Tells the data of one table from another's, in a cache that accounts, regions and environments may share.
 *
 * What a credential provider will find is not known before it is asked, so where one is given, the account is not told.
 *
 * @internal
 */
final class CachePlace
{
    /**
     * What the AWS SDKs read, whether it names the account, the region, the address or a file; without the secrets that belong to
     * AWS_ACCESS_KEY_ID, and what differs between two instances of one AWS Lambda function.
     */
    private const OF_THE_PLACE = '/^(HOME$|AWS_(?!SECRET_ACCESS_KEY$|SESSION_TOKEN$|SECURITY_TOKEN$|LAMBDA_|XRAY_))/D';

    /**
     * A hash, since what an access key is called is part of it.
     *
     * @param array<string, mixed> $settings the options of the store
     */
    public static function of(string $table, #[\SensitiveParameter] array $settings): string
    {
        return hash('sha256', serialize([
            $table,
            $settings['prefix'],
            array_map(static fn (string $name): mixed => $settings[$name] ?? null, ['region', 'endpoint', 'profile']),
            self::accessKeyId($settings['credentials'] ?? null),
            self::environment(),
        ]));
    }

    /** Null where it is not known without asking for it. */
    private static function accessKeyId(#[\SensitiveParameter] mixed $credentials): ?string
    {
        if ($credentials instanceof AwsClient) {
            $credentials = $credentials->credentialsAtHand();
        }
        $id = match (true) {
            is_array($credentials) => $credentials['access_key_id'] ?? null,
            is_object($credentials) && method_exists($credentials, 'getAccessKeyId') => $credentials->getAccessKeyId(),
            default => null,
        };

        return is_string($id) ? $id : null;
    }

    /** @return array<array-key, string> variables of the process, as the library reads them, not those of a request */
    private static function environment(): array
    {
        $variables = [];
        foreach (array_keys(getenv()) as $name) {
            $value = getenv((string) $name, true);
            if ($value !== false && preg_match(self::OF_THE_PLACE, (string) $name) === 1) {
                $variables[$name] = $value;
            }
        }
        ksort($variables);

        return $variables;
    }
}
