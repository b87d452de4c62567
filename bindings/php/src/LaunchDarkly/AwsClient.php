<?php

declare(strict_types=1);

namespace LdDynamoStore\LaunchDarkly;

use LdDynamoStore\Exception\UnsupportedOptionException;

/**
 * A client of the AWS SDK for PHP, of which region, endpoint and credentials are taken. It is itself a credential provider: the client's.
 *
 * @internal
 */
final class AwsClient
{
    private function __construct(private readonly object $client)
    {
    }

    /** @throws UnsupportedOptionException it is none */
    public static function of(#[\SensitiveParameter] mixed $client): self
    {
        foreach (['getRegion', 'getEndpoint', 'getCredentials'] as $method) {
            if (!is_object($client) || !method_exists($client, $method)) {
                self::refuse('(' . get_debug_type($client) . ')', 'give an Aws\DynamoDb\DynamoDbClient, or dynamodb_options');
            }
        }

        return new self($client);
    }

    /**
     * Options of `Store`. The credentials are asked of the client whenever they may have changed.
     *
     * @return array<string, mixed>
     *
     * @throws UnsupportedOptionException
     */
    public function settings(): array
    {
        if ($this->configured('signature_version') === 'anonymous') {
            self::refuse('with credentials false', 'requests are always signed; a local engine takes any credentials');
        }

        return ['region' => $this->client->getRegion(), 'endpoint' => $this->endpoint(), 'credentials' => $this];
    }

    /** What the AWS SDK's credential providers return. */
    public function __invoke(): mixed
    {
        return $this->client->getCredentials();
    }

    /** The credentials, where the client has them already: nothing is waited for. */
    public function credentialsAtHand(): mixed
    {
        try {
            $given = $this->client->getCredentials();
            if (is_object($given) && method_exists($given, 'wait') && method_exists($given, 'getState')) {
                return $given->getState() === 'fulfilled' ? $given->wait() : null;
            }

            return $given;
        } catch (\Exception) {
            // The first read says so, if it asks.
            return null;
        }
    }

    private function endpoint(): string
    {
        $endpoint = (string) $this->client->getEndpoint();
        if ($endpoint === '' || str_contains($endpoint, '://')) {
            return $endpoint;
        }
        $scheme = $this->configured('scheme');

        return is_string($scheme) ? "$scheme://" . ltrim($endpoint, '/')
            : self::refuse('with an endpoint that has no scheme', 'make the client with "http://" or "https://" in its endpoint');
    }

    /** What the client has under this name in its configuration, which is not all that it was made with. */
    private function configured(string $name): mixed
    {
        return method_exists($this->client, 'getConfig') ? $this->client->getConfig($name) : null;
    }

    private static function refuse(string $what, string $advice): never
    {
        throw new UnsupportedOptionException("dynamodb_client $what is not supported; $advice");
    }
}
