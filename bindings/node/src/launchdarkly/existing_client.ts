// What a client of the AWS SDK that the program has already can tell: a DynamoDBClient of version 3, or a DocumentClient or DynamoDB of version 2.

import type { AwsCredentials } from '../credentials';
import { UnsupportedOptionError } from '../errors';
import type { Settings } from '../options';
import { endpointAddress, retryMode, type Translated } from './client_options';
import { providerOf, type OldCredentials } from './old_credentials';
import { handlerSettings, type HandlerOptions } from './request_handler';

type Provider<Value> = () => Promise<Value> | Value;
// Which of them a client has made functions of depends on its version.
type Provided<Value> = Provider<Value> | Value;

interface ClientConfig {
  region: Provider<string>;
  endpoint?: Provider<unknown>;
  credentials: Provider<AwsCredentials>;
  maxAttempts?: Provided<number>;
  retryMode?: Provided<string>;
  useDualstackEndpoint?: Provided<boolean>;
  useFipsEndpoint?: Provided<boolean>;
  requestHandler?: HandlerOptions;
}

interface OldService {
  config: {
    region?: string;
    maxRetries?: number;
    httpOptions?: HandlerOptions;
    getCredentials(callback: (failure: Error | null, credentials: OldCredentials) => void): void;
  };
  endpoint: { href: string };
}

// Of version 2, which does not tell whether somebody chose it.
const OLD_DEFAULT_TIMEOUT = 120_000;

/** The settings that mean the same as this client's. */
export function translateClient(client: object): Translated {
  const { config, service } = client as {
    config?: Partial<ClientConfig> & Partial<OldService['config']>;
    service?: OldService;
  };
  if (typeof config?.region === 'function' && typeof config.credentials === 'function') {
    return newClient(config as ClientConfig);
  }
  const old = service ?? (client as OldService);
  if (typeof old.config?.getCredentials === 'function') {
    return oldClient(old);
  }
  throw new UnsupportedOptionError('dynamoDBClient', 'give a DynamoDBClient of the AWS SDK, or clientOptions');
}

function known<Value>(value: Provided<Value> | undefined): Promise<Value> | Value | undefined {
  return typeof value === 'function' ? (value as Provider<Value>)() : value;
}

function newClient(config: ClientConfig): Translated {
  const later = async (): Promise<Settings> => {
    if (await known(config.useFipsEndpoint)) {
      throw new UnsupportedOptionError('dynamoDBClient.useFipsEndpoint', 'give the FIPS address as endpoint');
    }
    if (await known(config.useDualstackEndpoint)) {
      throw new UnsupportedOptionError(
        'dynamoDBClient.useDualstackEndpoint',
        'give the dual-stack address as endpoint',
      );
    }
    const mode = await known(config.retryMode);
    return {
      region: await config.region(),
      endpoint: endpointAddress(await config.endpoint?.()),
      max_attempts: await known(config.maxAttempts),
      retry_mode: mode ? retryMode(mode) : undefined,
      ...(config.requestHandler && (await handlerSettings(config.requestHandler, 'dynamoDBClient'))),
    };
  };
  return { settings: { credentials: () => config.credentials() }, later: [later] };
}

function oldClient({ config, endpoint }: OldService): Translated {
  const credentials = providerOf((callback) => config.getCredentials(callback));
  const settings: Settings = { region: config.region, endpoint: endpoint.href, credentials };
  if (config.maxRetries !== undefined) {
    settings.max_attempts = config.maxRetries + 1;
  }
  const { timeout, ...others } = config.httpOptions ?? {};
  const httpOptions = timeout === OLD_DEFAULT_TIMEOUT ? others : { timeout, ...others };
  return { settings, later: [() => handlerSettings(httpOptions, 'dynamoDBClient')] };
}
