const MILLISECONDS_OF_SILENCE = 60_000;
const MOST_REMEMBERED = 1000;

/** Failures that come again with every call, and are worth a line a minute. */
export class RepeatedFailures {
  readonly #logged = new Map<string, number>();

  /** Whether to log the failure now; if so, it is not due again for a minute. */
  isDue(failure: string): boolean {
    const now = performance.now();
    const last = this.#logged.get(failure);
    if (last !== undefined && now < last + MILLISECONDS_OF_SILENCE) {
      return false;
    }
    if (this.#logged.size >= MOST_REMEMBERED) {
      this.#logged.clear();
    }
    this.#logged.set(failure, now);
    return true;
  }
}
