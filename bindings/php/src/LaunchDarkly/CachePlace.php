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
    /** What decides about account, region and address. Further variables of the AWS SDKs are known by how they begin. */
    private const VARIABLES = [
        'HOME', 'AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_PROFILE', 'AWS_DEFAULT_PROFILE', 'AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE',
        'AWS_ACCESS_KEY_ID', 'AWS_ROLE_ARN', 'AWS_WEB_IDENTITY_TOKEN_FILE', 'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
        'AWS_CONTAINER_CREDENTIALS_FULL_URI', 'AWS_ENDPOINT_URL', 'AWS_ENDPOINT_URL_DYNAMODB', 'AWS_USE_FIPS_ENDPOINT', 'AWS_USE_DUALSTACK_ENDPOINT',
    ];

    /** Secrets that belong to AWS_ACCESS_KEY_ID, and what differs between two instances of one AWS Lambda function. */
    private const NOT_OF_THE_PLACE = '/^AWS_(SECRET_ACCESS_KEY$|SESSION_TOKEN$|SECURITY_TOKEN$|LAMBDA_|XRAY_)/';

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

    /** @return array<string, string> variables of the process, as the library reads them, not those of a request */
    private static function environment(): array
    {
        // Where PHP-FPM fills $_ENV, getenv does not list what putenv has set.
        $names = [...self::VARIABLES, ...preg_grep('/^AWS_/', array_map(strval(...), array_keys(getenv()))) ?: []];
        $variables = [];
        foreach (preg_grep(self::NOT_OF_THE_PLACE, $names, PREG_GREP_INVERT) ?: [] as $name) {
            $value = getenv($name, true);
            if ($value !== false) {
                $variables[$name] = $value;
            }
        }
        ksort($variables);

        return $variables;
    }
}
