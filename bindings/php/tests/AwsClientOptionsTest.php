<?php

declare(strict_types=1);

namespace LdDynamoStore\Tests;

use LdDynamoStore\Exception\UnsupportedOptionException;
use LdDynamoStore\LaunchDarkly\AwsClientOptions;
use LdDynamoStore\LaunchDarkly\DynamoDb;
use PHPUnit\Framework\TestCase;

/** What becomes of the settings of the AWS SDK's client. */
final class AwsClientOptionsTest extends TestCase
{
    /** What the AWS SDK does not do, or does, unless it is told. */
    private const OFF = [
        'csm', 'debug', 'disable_host_prefix_injection', 'disable_request_compression', 'endpoint_discovery', 'ignore_configured_endpoint_urls', 'stats',
        'use_dual_stack_endpoint', 'use_fips_endpoint',
    ];
    private const ON = ['use_aws_shared_config_files'];

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
            'defaults of the AWS SDK' => [array_fill_keys(self::OFF, false) + array_fill_keys(self::ON, true), []],
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
            // 0 would be no limit.
            'time-outs below a millisecond' => [['http' => ['timeout' => 0.0004, 'connect_timeout' => '0.0004']], ['attempt_timeout_ms' => 1, 'connect_timeout_ms' => 1]],
            'time-outs of parts of a millisecond' => [['http' => ['timeout' => 0.2504]], ['attempt_timeout_ms' => 251]],
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

    public function testWhatIsNoDefaultIsRefused(): void
    {
        $refused = [];
        foreach (array_fill_keys(self::OFF, true) + array_fill_keys(self::ON, false) as $name => $value) {
            try {
                AwsClientOptions::translate([$name => $value]);
            } catch (UnsupportedOptionException $exception) {
                self::assertStringStartsWith("dynamodb_options: $name is not supported; ", $exception->getMessage());
                $refused[] = $name;
            }
        }
        self::assertSame([...self::OFF, ...self::ON], $refused);
    }

    public function testWhatStandsBesideThemIsSentThere(): void
    {
        foreach (['region', 'endpoint', 'profile', 'credentials', 'http', 'retries', 'scheme', 'version', 'signature_version', 'validate', 'debug'] as $name) {
            try {
                DynamoDb::featureRequester([$name => 'x', 'dynamodb_table' => 'flags']);
                self::fail('no exception');
            } catch (UnsupportedOptionException $exception) {
                self::assertSame("$name is not supported; give it in dynamodb_options", $exception->getMessage());
            }
        }
    }

    /** @dataProvider otherNames */
    public function testNamesThatTheAwsSdkHasNot(string $name, string $advice): void
    {
        $this->expectException(UnsupportedOptionException::class);
        $this->expectExceptionMessage("dynamodb_options: $name is not supported; $advice");
        AwsClientOptions::translate([$name => 'x']);
    }

    /** @return array<int, array{string, string}> */
    public static function otherNames(): array
    {
        return [
            ['timeout', 'give it as http.timeout'], ['connect_timeout', 'give it as http.connect_timeout'], ['proxy', 'give it as http.proxy'],
            ['verify', 'give it as http.verify'], ['key', 'give credentials with key and secret'], ['secret', 'give credentials with key and secret'],
            ['access_key_id', 'give credentials with key and secret'], ['secret_access_key', 'give credentials with key and secret'],
            ['max_attempts', 'give retries'], ['retry_mode', 'give retries'], ['url', 'give the address as endpoint'],
            ['base_url', 'give the address as endpoint'], ['region_name', 'give region'], ['aws_region', 'give region'],
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
