<?php

declare(strict_types=1);

namespace LdDynamoStore\Tests;

/** Stand-ins for objects of the AWS SDK for PHP. */
final class AwsSdk
{
    /** As its Credentials; with a time they expire. */
    public static function credentials(string $id = 'a', ?int $expiration = null): object
    {
        return new class ($id, $expiration) {
            public function __construct(private string $id, private ?int $expiration)
            {
            }

            public function getAccessKeyId(): string
            {
                return $this->id;
            }

            public function getSecretKey(): string
            {
                return 'b';
            }

            public function getSecurityToken(): ?string
            {
                return null;
            }

            public function getExpiration(): ?int
            {
                return $this->expiration;
            }
        };
    }

    /** As a promise of its; one that is pending must not be waited for. */
    public static function promise(object $answer, string $state = 'fulfilled'): object
    {
        return new class ($answer, $state) {
            public function __construct(private object $answer, private string $state)
            {
            }

            public function getState(): string
            {
                return $this->state;
            }

            public function wait(bool $unwrap = true): object
            {
                return $this->state === 'fulfilled' ? $this->answer : throw new \Error('nobody waits');
            }
        };
    }

    /**
     * As a client of its, with what it tells of its configuration.
     *
     * @param \Closure(): mixed $credentials
     * @param array<string, mixed> $configuration
     */
    public static function client(string $endpoint, \Closure $credentials, array $configuration = ['signature_version' => 'v4']): object
    {
        return new class ($endpoint, $credentials, $configuration) {
            /** @param array<string, mixed> $configuration */
            public function __construct(private string $endpoint, private \Closure $credentials, private array $configuration)
            {
            }

            public function getRegion(): string
            {
                return 'us-east-1';
            }

            public function getEndpoint(): \Stringable
            {
                return new class ($this->endpoint) {
                    public function __construct(private string $endpoint)
                    {
                    }

                    public function __toString(): string
                    {
                        return $this->endpoint;
                    }
                };
            }

            public function getCredentials(): mixed
            {
                return ($this->credentials)();
            }

            public function getConfig(string $option): mixed
            {
                return $this->configuration[$option] ?? null;
            }
        };
    }
}
