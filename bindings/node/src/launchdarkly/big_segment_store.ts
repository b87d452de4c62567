import type { BigSegmentStore } from './interfaces';
import type { Table } from './table';

/** The SDK's Big Segments interface over one table. It is rejected only where the table could not be asked. */
export class DynamoDBBigSegments implements BigSegmentStore {
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  /** When the Big Segments data was last brought up to date, in milliseconds since 1970. */
  async getMetadata(): Promise<{ lastUpToDate?: number }> {
    const metadata = await this.#table.orAbsent((store) => store.bigSegmentsMetadata());
    return metadata === undefined ? {} : { lastUpToDate: metadata.synchronizedOn };
  }

  /** Whether a context is included in (true) or excluded from (false) segments, by segment reference. */
  getUserMembership(userHash: string): Promise<Record<string, boolean> | undefined> {
    return this.#table.orAbsent((store) => store.bigSegmentsMembership(userHash));
  }

  close(): void {
    this.#table.close();
  }
}
