<?php

declare(strict_types=1);

namespace LdDynamoStore\Tests;

use LdDynamoStore\Exception\UnsupportedOptionException;
use LdDynamoStore\LaunchDarkly\AwsClient;
use LdDynamoStore\LaunchDarkly\DynamoDb;
use PHPUnit\Framework\TestCase;

/** What is taken of a client of the AWS SDK's. */
final class AwsClientTest extends TestCase
{
    public function testItTellsRegionEndpointAndCredentials(): void
    {
        $engine = new FakeDynamoDb();
        $engine->put('p:features', 'flag', '{"version":3}');
        $asked = 0;
        $client = AwsSdk::client($engine->address, static function () use (&$asked): object {
            $asked++;

            return AwsSdk::promise(AwsSdk::credentials());
        });
        $options = ['dynamodb_client' => $client, 'dynamodb_table' => FakeDynamoDb::TABLE, 'dynamodb_prefix' => 'p'];
        self::assertSame(3, DynamoDb::featureRequester($options)('', '', [])->getFeature('flag')?->getVersion());
        self::assertSame(1, $asked);
        $engine->stop();
    }

    public function testAnEndpointWithoutASchemeHasThatOfTheConfiguration(): void
    {
        foreach (['//127.0.0.1:8655', '127.0.0.1:8655'] as $endpoint) {
            $settings = AwsClient::of(AwsSdk::client($endpoint, static fn () => null, ['scheme' => 'http']))->settings();
            self::assertSame(['us-east-1', 'http://127.0.0.1:8655'], [$settings['region'], $settings['endpoint']]);
        }
    }

    /** @dataProvider refusals */
    public function testWhatCannotBeTakenIsRefused(object $client, string $message): void
    {
        $this->expectException(UnsupportedOptionException::class);
        $this->expectExceptionMessage($message);
        DynamoDb::featureRequester(['dynamodb_client' => $client, 'dynamodb_table' => 'flags'])('', '', []);
    }

    /** @return array<string, array{object, string}> */
    public static function refusals(): array
    {
        $nobody = static fn () => throw new \LogicException('nobody asks');
        $false = AwsSdk::client('http://127.0.0.1:9', $nobody, ['signature_version' => 'anonymous']);

        return [
            'no scheme' => [
                AwsSdk::client('//127.0.0.1:8655', $nobody),
                'dynamodb_client with an endpoint that has no scheme is not supported; make the client with "http://" or "https://" in its endpoint',
            ],
            'no signature' => [
                $false,
                'dynamodb_client with credentials false is not supported; requests are always signed; a local engine takes any credentials',
            ],
        ];
    }

    public function testCredentialsAreAtHandWhereNothingHasToBeWaitedFor(): void
    {
        $credentials = AwsSdk::credentials();
        $atHand = static fn (\Closure $found): mixed => AwsClient::of(AwsSdk::client('', $found))->credentialsAtHand();
        self::assertSame($credentials, $atHand(static fn () => $credentials));
        self::assertSame($credentials, $atHand(static fn () => AwsSdk::promise($credentials)));
        self::assertNull($atHand(static fn () => AwsSdk::promise($credentials, 'pending')));
        self::assertNull($atHand(static fn () => AwsSdk::promise($credentials, 'rejected')));
        self::assertNull($atHand(static fn () => throw new \RuntimeException('the sign-on has ended')));
    }
}
