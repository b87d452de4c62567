// Credentials as version 2 of the AWS SDK has them: an object that may have to be refreshed before it holds any.

import type { CredentialsOption, CredentialsProvider } from '../credentials';

/** What is looked at of an `AWS.Credentials`. */
export interface OldCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
  expireTime?: Date;
}

interface Refreshing extends OldCredentials {
  get(callback: (failure?: Error | null) => void): void;
}

/** The provider for a function that finds them. */
export function providerOf(
  find: (callback: (failure: Error | null | undefined, found: OldCredentials) => void) => void,
): CredentialsProvider {
  return () =>
    new Promise((resolve, reject) => {
      find((failure, found) => {
        if (failure) {
          reject(failure);
          return;
        }
        const { accessKeyId, secretAccessKey, sessionToken, expireTime } = found;
        resolve({ accessKeyId, secretAccessKey, sessionToken, expiration: expireTime });
      });
    });
}

/** The option as it is, but for an `AWS.Credentials`, which is asked as a provider is. */
export function credentialsOf(option: CredentialsOption): CredentialsOption {
  const refreshing = option as unknown as Partial<Refreshing>;
  if (typeof refreshing.get !== 'function') {
    return option;
  }
  return providerOf((callback) => {
    (refreshing as Refreshing).get((failure) => callback(failure, refreshing as Refreshing));
  });
}
