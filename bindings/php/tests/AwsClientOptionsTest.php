<?php

declare(strict_types=1);

namespace LdDynamoStore\Tests;

use LdDynamoStore\LaunchDarkly\AwsClientOptions;
use LdDynamoStore\LaunchDarkly\DynamoDb;
use PHPUnit\Framework\TestCase;

/** What becomes of the settings of the AWS SDK's client. */
final class AwsClientOptionsTest extends TestCase
{
    /**
     * @param array<string, mixed> $options
     * @param array<string, mixed> $expected
     *
     * @dataProvider translations
     */
    public function testSettingsOfTheAwsClientAreTranslated(array $options, array $expected): void
    {
        $settings = AwsClientOptions::translate($options);
        ksort($settings);
        ksort($expected);
        self::assertSame($expected, $settings);
        // The library takes them.
        DynamoDb::bigSegmentsStore(['dynamodb_table' => 'flags', 'dynamodb_options' => $options]);
    }

    /** @return array<string, array{array<string, mixed>, array<string, mixed>}> */
    public static function translations(): array
    {
        // As Aws\Retry\Configuration.
        $configuration = new class () {
            /** @return array<string, mixed> */
            public function toArray(): array
            {
                return ['mode' => 'standard', 'max_attempts' => 4];
            }
        };
        $keys = ['access_key_id' => 'a', 'secret_access_key' => 'b'];

        return [
            'nothing' => [['version' => 'latest', 'signature_version' => 'v4', 'debug' => false, 'validate' => true, 'retries' => null], []],
            'region and profile' => [['region' => 'eu-west-1', 'profile' => 'p', 'version' => '2012-08-10'], ['region' => 'eu-west-1', 'profile' => 'p']],
            'defaults of the AWS SDK' => [
                ['csm' => false, 'stats' => false, 'use_aws_shared_config_files' => true, 'ignore_configured_endpoint_urls' => false]
                    + ['disable_request_compression' => false, 'use_fips_endpoint' => false],
                [],
            ],
            'endpoint' => [['endpoint' => 'http://127.0.0.1:8000', 'scheme' => 'http'], ['endpoint' => 'http://127.0.0.1:8000']],
            'endpoint without scheme' => [['endpoint' => '127.0.0.1:8000', 'scheme' => 'http'], ['endpoint' => 'http://127.0.0.1:8000']],
            'credentials' => [['credentials' => ['key' => 'a', 'secret' => 'b']], ['credentials' => $keys]],
            'with a token' => [['credentials' => ['key' => 'a', 'secret' => 'b', 'token' => 't', 'expires' => null]], ['credentials' => $keys + ['session_token' => 't']]],
            'members that sign nothing' => [
                ['credentials' => ['key' => 'a', 'secret' => 'b', 'accountId' => '123456789012', 'source' => 'env']],
                ['credentials' => $keys],
            ],
            'an object that does not expire' => [['credentials' => AwsSdk::credentials()], ['credentials' => $keys]],
            'time-outs' => [['http' => ['timeout' => 0.5, 'connect_timeout' => 0.2]], ['attempt_timeout_ms' => 500, 'connect_timeout_ms' => 200]],
            'long time-outs' => [['http' => ['timeout' => 10]], ['attempt_timeout_ms' => 10000, 'operation_timeout_ms' => 30000]],
            'a long time to connect' => [['http' => ['connect_timeout' => 3]], ['connect_timeout_ms' => 3000, 'attempt_timeout_ms' => 5000, 'operation_timeout_ms' => 15000]],
            'no time-outs' => [['http' => ['timeout' => 0]], ['attempt_timeout_ms' => 0, 'operation_timeout_ms' => 0]],
            'retries' => [['retries' => 4], ['max_attempts' => 5, 'operation_timeout_ms' => 10000]],
            'no retries' => [['retries' => 0], ['max_attempts' => 1]],
            'retries by mode' => [['retries' => ['mode' => 'adaptive', 'max_attempts' => 2]], ['retry_mode' => 'adaptive', 'max_attempts' => 2]],
            'retries as the AWS SDK has them' => [['retries' => $configuration], ['retry_mode' => 'standard', 'max_attempts' => 4, 'operation_timeout_ms' => 8000]],
            'nothing of http' => [['http' => ['timeout' => null, 'connect_timeout' => null, 'verify' => null, 'proxy' => null, 'delay' => null]], []],
            'proxy' => [['http' => ['proxy' => 'proxy.test:3128', 'verify' => true]], ['proxy' => 'http://proxy.test:3128']],
            'proxy by scheme' => [['http' => ['proxy' => ['http' => 'http://a.test', 'https' => 'http://b.test']]], ['proxy' => 'http://b.test']],
            'proxy by scheme, http' => [
                ['endpoint' => 'http://127.0.0.1:8000', 'http' => ['proxy' => ['http' => 'a.test', 'https' => 'http://b.test']]],
                ['endpoint' => 'http://127.0.0.1:8000', 'proxy' => 'http://a.test'],
            ],
            'the longest time-out' => [
                ['http' => ['timeout' => 3153600000]],
                ['attempt_timeout_ms' => 3153600000000, 'operation_timeout_ms' => 3153600000000],
            ],
            'nothing to verify' => [['endpoint' => 'http://127.0.0.1:8000', 'http' => ['verify' => false]], ['endpoint' => 'http://127.0.0.1:8000']],
            'nothing to verify, by scheme' => [
                ['endpoint' => '127.0.0.1:8000', 'scheme' => 'http', 'http' => ['verify' => false]],
                ['endpoint' => 'http://127.0.0.1:8000'],
            ],
            'certificates' => [['http' => ['verify' => '/etc/ssl/certs/ca-certificates.crt']], ['ca_bundle' => '/etc/ssl/certs/ca-certificates.crt']],
        ];
    }

    public function testACredentialProviderIsAsked(): void
    {
        $provider = static fn () => ['access_key_id' => 'a', 'secret_access_key' => 'b'];
        self::assertSame(['credentials' => $provider], AwsClientOptions::translate(['credentials' => $provider]));
        $engine = new FakeDynamoDb();
        $store = DynamoDb::bigSegmentsStore(['dynamodb_table' => FakeDynamoDb::TABLE, 'dynamodb_options' => ['credentials' => $provider] + $engine->awsOptions()]);
        self::assertSame([], $store->getMembership('hash'));
        $engine->stop();
    }

    public function testCredentialsThatExpireAreAskedAgain(): void
    {
        $credentials = AwsSdk::credentials(expiration: 4102444800);
        self::assertSame(['credentials' => $credentials], AwsClientOptions::translate(['credentials' => $credentials]));
    }
}
