<?php

declare(strict_types=1);

namespace LdDynamoStore\Tests;

use LdDynamoStore\LaunchDarkly\AdapterOptions;
use LdDynamoStore\LaunchDarkly\ItemCache;
use LdDynamoStore\LaunchDarkly\PoolItemCache;
use PHPUnit\Framework\TestCase;

/** A cache that environments share serves none of them what another one read. */
final class ItemCacheTest extends TestCase
{
    /** @var array<string, string> the environment before the test */
    private array $environment = [];

    protected function setUp(): void
    {
        $this->environment = getenv();
        self::setVariables(['HOME' => '/home/a', 'AWS_REGION' => 'us-east-1', 'AWS_ACCESS_KEY_ID' => 'a'] + array_fill_keys(self::present(), null));
    }

    protected function tearDown(): void
    {
        self::setVariables($this->environment + array_fill_keys(self::present(), null));
    }

    /**
     * @param array<string, mixed> $options
     * @param array<string, string|null> $variables
     *
     * @dataProvider otherPlaces
     */
    public function testAnotherPlaceIsAnotherEntry(array $options, array $variables = []): void
    {
        $pool = new Pool();
        self::cache($pool)->put('features', 'flag', '{}');
        self::assertSame('{}', self::cache($pool)->get('features', 'flag'));
        self::setVariables($variables);
        self::assertNull(self::cache($pool, $options)->get('features', 'flag'));
    }

    /** @return array<string, array{array<string, mixed>, 1?: array<string, string|null>}> */
    public static function otherPlaces(): array
    {
        $aws = static fn (array $options): array => [['dynamodb_options' => $options + self::aws()]];

        return [
            'table' => [['dynamodb_table' => 'other']],
            'prefix' => [['dynamodb_prefix' => 'other']],
            'region' => $aws(['region' => 'eu-west-1']),
            'endpoint' => $aws(['endpoint' => 'http://127.0.0.1:8001']),
            'endpoint of the store' => [['store_options' => ['endpoint' => 'http://127.0.0.1:8001']]],
            'profile' => $aws(['profile' => 'other']),
            'access key' => $aws(['credentials' => ['key' => 'other', 'secret' => 'b']]),
            'credentials' => $aws(['credentials' => AwsSdk::credentials('other')]),
            'credentials that expire' => $aws(['credentials' => AwsSdk::credentials('other', 4102444800)]),
            'credentials of the store' => [['store_options' => ['credentials' => AwsSdk::credentials('other', 4102444800)]]],
            'AWS_REGION' => [[], ['AWS_REGION' => 'eu-west-1']],
            'AWS_DEFAULT_REGION' => [[], ['AWS_DEFAULT_REGION' => 'eu-west-1']],
            'AWS_PROFILE' => [[], ['AWS_PROFILE' => 'other']],
            'AWS_DEFAULT_PROFILE' => [[], ['AWS_DEFAULT_PROFILE' => 'other']],
            'AWS_ACCESS_KEY_ID' => [[], ['AWS_ACCESS_KEY_ID' => 'other']],
            'AWS_ROLE_ARN' => [[], ['AWS_ROLE_ARN' => 'arn:aws:iam::123456789012:role/other']],
            'HOME' => [[], ['HOME' => '/home/other']],
            'no HOME' => [[], ['HOME' => null]],
            'AWS_CONFIG_FILE' => [[], ['AWS_CONFIG_FILE' => '/srv/other/config']],
            'AWS_SHARED_CREDENTIALS_FILE' => [[], ['AWS_SHARED_CREDENTIALS_FILE' => '/srv/other/credentials']],
            'AWS_WEB_IDENTITY_TOKEN_FILE' => [[], ['AWS_WEB_IDENTITY_TOKEN_FILE' => '/srv/other/token']],
            'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI' => [[], ['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI' => '/v2/credentials/other']],
            'AWS_CONTAINER_CREDENTIALS_FULL_URI' => [[], ['AWS_CONTAINER_CREDENTIALS_FULL_URI' => 'http://127.0.0.1/other']],
            'AWS_CONTAINER_AUTHORIZATION_TOKEN' => [[], ['AWS_CONTAINER_AUTHORIZATION_TOKEN' => 'other']],
            'AWS_USE_FIPS_ENDPOINT' => [[], ['AWS_USE_FIPS_ENDPOINT' => 'true']],
            'AWS_ACCOUNT_ID' => [[], ['AWS_ACCOUNT_ID' => '123456789012']],
            'a variable of tomorrow' => [[], ['AWS_TOMORROW' => 'other']],
            'AWS_ENDPOINT_URL' => [[], ['AWS_ENDPOINT_URL' => 'http://127.0.0.1:8001']],
            'AWS_ENDPOINT_URL_DYNAMODB' => [[], ['AWS_ENDPOINT_URL_DYNAMODB' => 'http://127.0.0.1:8001']],
        ];
    }

    /**
     * @param array<string, string|null> $variables
     *
     * @dataProvider samePlaces
     */
    public function testWhatChangesWithinAnAccountIsNoOtherEntry(array $variables): void
    {
        $pool = new Pool();
        self::cache($pool)->put('features', 'flag', '{}');
        self::setVariables($variables);
        self::assertSame('{}', self::cache($pool)->get('features', 'flag'));
    }

    /** @return array<string, array{array<string, string|null>}> */
    public static function samePlaces(): array
    {
        return [
            'secrets of a key' => [['AWS_SECRET_ACCESS_KEY' => 'other', 'AWS_SESSION_TOKEN' => 'other', 'AWS_SECURITY_TOKEN' => 'other']],
            'an instance of AWS Lambda' => [['AWS_LAMBDA_LOG_STREAM_NAME' => 'other', 'AWS_XRAY_CONTEXT_MISSING' => 'other']],
            'others' => [['AWSOME' => 'other', 'PATH_OF_AWS_' => 'other']],
        ];
    }

    public function testAClientWhoseCredentialsAreAtHandIsItsAccount(): void
    {
        $of = static fn (object $found): array => ['dynamodb_client' => AwsSdk::client('http://127.0.0.1:8000', static fn () => $found), 'dynamodb_options' => null];
        $pool = new Pool();
        self::cache($pool, $of(AwsSdk::promise(AwsSdk::credentials('a'))))->put('features', 'flag', 'a');
        self::assertSame('a', self::cache($pool, $of(AwsSdk::promise(AwsSdk::credentials('a'))))->get('features', 'flag'));
        self::assertNull(self::cache($pool, $of(AwsSdk::promise(AwsSdk::credentials('other'))))->get('features', 'flag'));
        self::assertNull(self::cache($pool, $of(AwsSdk::promise(AwsSdk::credentials('a'), 'pending')))->get('features', 'flag'));
    }

    public function testAProviderIsNotAskedForItsAccount(): void
    {
        $provider = static fn () => throw new \LogicException('nobody asks');
        $pool = new Pool();
        $options = ['dynamodb_options' => ['credentials' => $provider] + self::aws()];
        self::cache($pool, $options)->put('features', 'flag', '{}');
        self::assertSame('{}', self::cache($pool, $options)->get('features', 'flag'));
    }

    public function testKindsKeysAndAllOfAKindAreEntriesOfTheirOwn(): void
    {
        $cache = self::cache(new Pool());
        $cache->put('features', 'flag', 'a flag');
        foreach ([['segments', 'flag'], ['features', 'other'], ['features', ''], ['features', null]] as [$kind, $key]) {
            self::assertNull($cache->get($kind, $key));
        }
    }

    public function testAPoolGoesBeforeApcu(): void
    {
        self::assertInstanceOf(PoolItemCache::class, self::cache(new Pool(), ['apc_expiration' => 5]));
    }

    public function testTheAccessKeyIsNotToBeSeen(): void
    {
        $pool = new Pool();
        $cache = self::cache($pool, ['dynamodb_options' => ['credentials' => ['key' => 'AKIAEXAMPLE', 'secret' => 'b']] + self::aws()]);
        $cache->put('features', 'flag', '{}');
        self::setVariables(['AWS_CONTAINER_AUTHORIZATION_TOKEN' => 'hunter2']);
        $other = self::cache($pool);
        $other->put('features', 'flag', '{}');
        self::assertCount(2, $pool->values);
        self::assertDoesNotMatchRegularExpression('/AKIAEXAMPLE|hunter2/', print_r([$cache, $other, $pool], true));
    }

    /** @param array<string, string|null> $variables */
    private static function setVariables(array $variables): void
    {
        foreach ($variables as $name => $value) {
            putenv($value === null ? $name : "$name=$value");
        }
    }

    /** @return array<int, string> the variables that a test may have set or found */
    private static function present(): array
    {
        return array_values(preg_grep('/AWS|^HOME$/', array_keys(getenv())) ?: []);
    }

    /** @param array<string, mixed> $options */
    private static function cache(Pool $pool, array $options = []): ItemCache
    {
        $cache = AdapterOptions::of($options + ['dynamodb_table' => 'flags', 'dynamodb_options' => self::aws(), 'cache' => $pool])->cache();
        self::assertNotNull($cache);

        return $cache;
    }

    /** @return array<string, mixed> */
    private static function aws(): array
    {
        return ['region' => 'us-east-1', 'endpoint' => 'http://127.0.0.1:8000', 'credentials' => ['key' => 'a', 'secret' => 'b']];
    }
}
