// What answers of the addon mean: a text, nothing, or a failure to throw.

import type { Answer, Outcome } from './addon';
import { errorClass, type StoreError } from './errors';

/** The error of a failed call. */
export function failure(outcome: Outcome): StoreError {
  const { status, retriable = false, serviceCode } = outcome;
  const message = outcome.message ?? `the native library failed with status ${status}`;
  return new (errorClass(status))(message, status, retriable, serviceCode);
}

/** The status of a call; throws where it is a failure. */
export function statusOf(answer: Answer): number {
  if (typeof answer !== 'object') {
    return 0;
  }
  if (answer.status < 0) {
    throw failure(answer);
  }
  return answer.status;
}

/** The text of an OK, or undefined for a harmless outcome; throws where the call failed. */
export function textOf(answer: Answer): string | undefined {
  if (typeof answer !== 'object') {
    return answer;
  }
  if (answer.status < 0) {
    throw failure(answer);
  }
  return undefined;
}
