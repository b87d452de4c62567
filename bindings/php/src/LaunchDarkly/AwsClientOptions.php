<?php

declare(strict_types=1);

namespace LdDynamoStore\LaunchDarkly;

use LdDynamoStore\Exception\UnsupportedOptionException;
use LdDynamoStore\LogLine;

/**
 * Translates the settings of the AWS SDK for PHP's client, which LaunchDarkly's own store takes, into options of `Store`. One without a
 * counterpart is an error that names it, never a silent difference.
 *
 * @internal
 */
final class AwsClientOptions
{
    /** The library's own defaults, in milliseconds. */
    private const ATTEMPT_TIMEOUT = 2000;
    private const OPERATION_TIMEOUT = 5000;
    private const ATTEMPTS = 3;

    /** No time that the library takes is longer, and PHP's whole numbers end. */
    public const MAXIMUM_SECONDS = 100 * 365 * 24 * 3600;

    private const TRANSLATED = [
        'region', 'endpoint', 'profile', 'credentials', 'http', 'retries', 'scheme', 'version', 'signature_version', 'validate',
    ];

    private const CREDENTIALS = ['key' => 'access_key_id', 'secret' => 'secret_access_key', 'token' => 'session_token'];

    private const LEAVE_OUT = 'leave it out: this store has no counterpart';
    private const ADDRESS = 'give the address as endpoint';
    private const REQUESTS_ARE_OURS = 'leave it out: the AWS SDK for PHP sends nothing here';

    /** Where an option's work is done, for options that have no counterpart. */
    private const REPLACEMENTS = [
        'account_id_endpoint_mode' => 'leave it out: requests go to the regional endpoint or to endpoint',
        'api_provider' => self::REQUESTS_ARE_OURS,
        'auth_scheme_preference' => 'leave it out: requests are signed with Signature Version 4',
        'client_context_params' => self::LEAVE_OUT,
        'configuration_mode' => 'give http and retries',
        'csm' => self::REQUESTS_ARE_OURS,
        'debug' => "give store_options => ['log_level' => 'debug'] and a logger",
        'disable_host_prefix_injection' => 'leave it out: requests go to the regional endpoint or to endpoint',
        'disable_request_compression' => 'leave it out: requests are never compressed',
        'endpoint_discovery' => 'leave it out: requests go to the regional endpoint or to endpoint',
        'endpoint_provider' => self::ADDRESS,
        'exception_class' => self::REQUESTS_ARE_OURS,
        'handler' => self::REQUESTS_ARE_OURS,
        'http_handler' => self::REQUESTS_ARE_OURS,
        'idempotency_auto_fill' => self::REQUESTS_ARE_OURS,
        'ignore_configured_endpoint_urls' => 'give endpoint, which goes before those that are configured',
        'request_min_compression_size_bytes' => 'leave it out: requests are never compressed',
        'serializer' => self::REQUESTS_ARE_OURS,
        'service' => 'leave it out: the service is DynamoDB',
        'sigv4a_signing_region_set' => 'leave it out: requests are signed with Signature Version 4',
        'signature_provider' => 'leave it out: requests are signed with Signature Version 4',
        'signing_name' => 'leave it out: requests are signed for dynamodb',
        'signing_region' => 'give region',
        'stats' => 'leave it out: the store counts by itself',
        'token' => 'leave it out: requests are signed with Signature Version 4',
        'ua_append' => 'leave it out: the library names itself',
        'use_aws_shared_config_files' => 'give region, credentials and endpoint: then the files have no say in them',
        'use_dual_stack_endpoint' => 'give the dual-stack address as endpoint',
        'use_fips_endpoint' => 'give the FIPS address as endpoint',
        'user_agent_extra' => 'leave it out: the library names itself',
        'with_resolved' => self::REQUESTS_ARE_OURS,
    ];

    private const OFF_BY_DEFAULT = [
        'csm', 'debug', 'disable_host_prefix_injection', 'disable_request_compression', 'endpoint_discovery', 'ignore_configured_endpoint_urls', 'stats',
        'use_dual_stack_endpoint', 'use_fips_endpoint',
    ];
    private const ON_BY_DEFAULT = ['use_aws_shared_config_files'];

    private const HTTP_REPLACEMENTS = [
        'cert' => 'client certificates are not supported; use a proxy that presents one',
        'ssl_key' => 'client certificates are not supported; use a proxy that presents one',
        'debug' => "give store_options => ['log_level' => 'debug'] and a logger",
        'delay' => self::LEAVE_OUT,
        'read_timeout' => 'give http.timeout',
    ];

    /** @param array<string, mixed> $settings the options of the store so far */
    private function __construct(private array $settings = [])
    {
    }

    /** Whether the AWS SDK's client has an option of this name. */
    public static function knows(string $name): bool
    {
        return isset(self::REPLACEMENTS[$name])
            || in_array($name, self::TRANSLATED, true);
    }

    /**
     * @param array<string, mixed> $options
     *
     * @return array<string, mixed> options of `Store`
     *
     * @throws UnsupportedOptionException
     */
    public static function translate(#[\SensitiveParameter] array $options): array
    {
        $translation = new self();
        foreach (array_filter($options, static fn (mixed $value): bool => $value !== null) as $name => $value) {
            $translation->option((string) $name, $value, $options);
        }
        $translation->allowEveryAttempt();

        return $translation->settings;
    }

    /** @param array<string, mixed> $options all of them */
    private function option(#[\SensitiveParameter] string $name, #[\SensitiveParameter] mixed $value, #[\SensitiveParameter] array $options): void
    {
        match ($name) {
            'region', 'profile' => $this->settings[$name] = $value,
            'endpoint' => $this->settings['endpoint'] = self::address($value, $options),
            'credentials' => $this->credentials($value),
            'http' => $this->http(self::map('http', $value), $options),
            'retries' => $this->retries($value),
            'scheme' => self::scheme($options) === 'https' || isset($options['endpoint'])
                ?: self::refuse("scheme $value", 'give endpoint with "http://"'),
            'version' => in_array($value, ['2012-08-10', 'latest'], true) ?: self::refuse('version', 'leave it out: the version is "2012-08-10"'),
            'signature_version' => $value === 'v4' ?: self::refuse('signature_version', 'leave it out: requests are signed with Signature Version 4'),
            // Arguments are always checked.
            'validate' => null,
            default => self::isDefault($name, $value) || self::refuse($name, self::REPLACEMENTS[$name] ?? self::meant($name)),
        };
    }

    /** @param array<string, mixed> $options */
    private static function address(#[\SensitiveParameter] mixed $endpoint, #[\SensitiveParameter] array $options): mixed
    {
        // As in the AWS SDK, the scheme decides where the address has none.
        return is_string($endpoint) && !str_contains($endpoint, '://') ? self::scheme($options) . "://$endpoint" : $endpoint;
    }

    /** @param array<string, mixed> $options */
    private static function scheme(#[\SensitiveParameter] array $options): string
    {
        $scheme = $options['scheme'] ?? 'https';

        return is_string($scheme) ? $scheme
            : throw new UnsupportedOptionException('dynamodb_options: scheme must be string, not ' . get_debug_type($scheme));
    }

    private function credentials(#[\SensitiveParameter] mixed $given): void
    {
        if (is_array($given) && !is_callable($given)) {
            if (isset($given['expires'])) {
                self::refuse('credentials.expires', 'give a credential provider, which is asked again before they expire');
            }
            $translated = [];
            foreach (array_diff_key($given, ['expires' => null, 'accountId' => null, 'source' => null]) as $name => $value) {
                // The name is not printed: where names and values were mixed up, it is the secret.
                $translated[self::CREDENTIALS[$name] ?? self::refuse('another name in credentials', 'give key, secret and token')] = $value;
            }
            foreach (['key', 'secret'] as $name) {
                isset($given[$name]) ?: throw new UnsupportedOptionException("dynamodb_options: credentials has no $name");
            }
            $this->settings['credentials'] = $translated;

            return;
        }
        $areCredentials = is_object($given) && method_exists($given, 'getAccessKeyId');
        if ($areCredentials && (!method_exists($given, 'getExpiration') || $given->getExpiration() === null)) {
            // What does not expire may be shared by the requests of a worker.
            $token = $given->getSecurityToken();
            $this->settings['credentials'] = ['access_key_id' => $given->getAccessKeyId(), 'secret_access_key' => $given->getSecretKey()]
                + ($token === null || $token === '' ? [] : ['session_token' => $token]);

            return;
        }
        if ($areCredentials || (is_callable($given) && !is_string($given))) {
            $this->settings['credentials'] = $given;

            return;
        }
        self::refuse(
            'credentials (' . get_debug_type($given) . ')',
            $given === false ? 'requests are always signed; a local engine takes any credentials' : 'give an array, credentials or a credential provider',
        );
    }

    /**
     * @param array<array-key, mixed> $http
     * @param array<string, mixed> $options
     */
    private function http(#[\SensitiveParameter] array $http, #[\SensitiveParameter] array $options): void
    {
        foreach (array_filter($http, static fn (mixed $value): bool => $value !== null) as $name => $value) {
            match ($name) {
                'connect_timeout' => $this->settings['connect_timeout_ms'] = self::milliseconds('http.connect_timeout', $value),
                'timeout' => $this->settings['attempt_timeout_ms'] = self::milliseconds('http.timeout', $value),
                'proxy' => $this->proxy($value, $options),
                'verify' => $this->verify($value, $options),
                default => self::refuse("http.$name", self::HTTP_REPLACEMENTS[$name] ?? self::LEAVE_OUT),
            };
        }
    }

    /** @param array<string, mixed> $options */
    private function verify(mixed $verify, #[\SensitiveParameter] array $options): void
    {
        if (is_string($verify)) {
            $this->settings['ca_bundle'] = $verify;
        } elseif ($verify !== true && !($verify === false && self::isPlain($options))) {
            $given = is_bool($verify) ? 'false' : '(' . get_debug_type($verify) . ')';
            self::refuse("http.verify $given", 'give the file of root certificates as http.verify');
        }
    }

    /**
     * Whether requests go over HTTP, where there is nothing to verify.
     *
     * @param array<string, mixed> $options
     */
    private static function isPlain(#[\SensitiveParameter] array $options): bool
    {
        $address = self::address($options['endpoint'] ?? null, $options);

        return is_string($address) && str_starts_with(strtolower($address), 'http://');
    }

    /** @param array<string, mixed> $options */
    private function proxy(#[\SensitiveParameter] mixed $proxy, #[\SensitiveParameter] array $options): void
    {
        if (is_array($proxy)) {
            foreach (array_diff(array_keys($proxy), ['http', 'https']) as $name) {
                // The name is not printed: it may be an address with a password.
                $name === 'no' ? self::refuse('http.proxy.no', 'give the environment variable NO_PROXY')
                    : self::refuse('another name in http.proxy', 'give "http" or "https"');
            }
            $proxy = $proxy[self::isPlain($options) ? 'http' : 'https'] ?? '';
        }
        if ($proxy !== '') {
            $this->settings['proxy'] = is_string($proxy) && !str_contains($proxy, '://') ? "http://$proxy" : $proxy;
        }
    }

    private function retries(mixed $retries): void
    {
        if (is_int($retries)) {
            // A number counts the tries after the first one.
            $this->settings['max_attempts'] = $retries + 1;

            return;
        }
        if (is_object($retries) && method_exists($retries, 'toArray')) {
            $retries = $retries->toArray();
        }
        foreach (self::map('retries', $retries) as $name => $value) {
            match ($name) {
                'max_attempts' => $this->settings['max_attempts'] = $value,
                'mode' => $this->settings['retry_mode'] = in_array($value, ['standard', 'adaptive'], true) ? $value
                    : self::refuse('retries.mode ' . json_encode($value), 'give "standard" or "adaptive"'),
                default => self::refuse("retries.$name", 'give max_attempts and mode'),
            };
        }
    }

    /** Lets a whole call last as long as the AWS SDK's would with these time-outs and attempts. */
    private function allowEveryAttempt(): void
    {
        $connecting = $this->settings['connect_timeout_ms'] ?? 0;
        // The library's limit of an attempt holds for connecting, too.
        if (!isset($this->settings['attempt_timeout_ms']) && $connecting > 0) {
            $this->settings['attempt_timeout_ms'] = $connecting + self::ATTEMPT_TIMEOUT;
        }
        $attempt = $this->settings['attempt_timeout_ms'] ?? null;
        $attempts = $this->settings['max_attempts'] ?? null;
        if ($attempt === 0) {
            $this->settings['operation_timeout_ms'] = 0;
        } elseif ($attempt !== null || is_int($attempts)) {
            $needed = ($attempt ?? self::ATTEMPT_TIMEOUT) * (is_int($attempts) ? $attempts : self::ATTEMPTS);
            if ($needed > self::OPERATION_TIMEOUT) {
                $this->settings['operation_timeout_ms'] = min($needed, self::MAXIMUM_SECONDS * 1000);
            }
        }
    }

    private static function milliseconds(string $name, mixed $seconds): int
    {
        if (!is_numeric($seconds) || !is_finite((float) $seconds) || $seconds < 0) {
            $given = is_float($seconds) ? (string) $seconds : get_debug_type($seconds);
            throw new UnsupportedOptionException("dynamodb_options: $name must be a number of seconds, not $given");
        }
        if ($seconds > self::MAXIMUM_SECONDS) {
            throw new UnsupportedOptionException(sprintf('dynamodb_options: %s must be at most %d seconds; 0 is no limit', $name, self::MAXIMUM_SECONDS));
        }

        // 0 is no limit in both.
        return (int) ceil($seconds * 1000);
    }

    /** @return array<array-key, mixed> */
    private static function map(string $name, #[\SensitiveParameter] mixed $value): array
    {
        return is_array($value) ? $value : throw new UnsupportedOptionException("dynamodb_options: $name must be an array, not " . get_debug_type($value));
    }

    /** Advice for a name that the AWS SDK does not know either. */
    private static function meant(string $name): string
    {
        return match ($name) {
            'timeout', 'connect_timeout', 'proxy', 'verify' => "give it as http.$name",
            'key', 'secret', 'access_key_id', 'secret_access_key' => 'give credentials with key and secret',
            'max_attempts', 'retry_mode' => 'give retries',
            'endpoint_url', 'url', 'base_url' => self::ADDRESS,
            'region_name', 'aws_region' => 'give region',
            default => self::LEAVE_OUT,
        };
    }

    private static function isDefault(string $name, mixed $value): bool
    {
        return ($value === false && in_array($name, self::OFF_BY_DEFAULT, true)) || ($value === true && in_array($name, self::ON_BY_DEFAULT, true));
    }

    private static function refuse(#[\SensitiveParameter] string $name, string $advice): never
    {
        throw new UnsupportedOptionException('dynamodb_options: ' . LogLine::name($name) . " is not supported; $advice");
    }
}
