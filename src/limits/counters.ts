import { Injectable } from '@nestjs/common';
import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterMySQL } from 'rate-limiter-flexible';
import { DataSource } from 'typeorm';
import type { BoundedPool } from '../database/bounded-pool.js';
import { DatabaseService } from '../database/database.service.js';
import { StatementsService } from '../database/statements.service.js';

const TABLE = 'rate_limits';
/** Counters that are trimmed by one statement. */
const TRIMMED = 2_000;
const TRIM = `DELETE FROM ${TABLE} WHERE expire < ? LIMIT ${TRIMMED}`;

/** Counters that expire: in the database, so that all replicas share them; on the embedded store, which has one process, in memory. */
@Injectable()
export class Counters {
  constructor(
    private readonly dataSource: DataSource,
    private readonly database: DatabaseService,
    private readonly statements: StatementsService,
  ) {}

  /**
   * @param name tells them from others
   * @param points how far one counts before it refuses
   * @param duration seconds for which one counts
   */
  of(name: string, points: number, duration: number): RateLimiterAbstract {
    const options = { keyPrefix: name, points, duration };
    if (this.database.isEmbedded) return new RateLimiterMemory(options);
    return new RateLimiterMySQL({
      ...options,
      // There is no pool before the connection.
      storeClient: {
        getConnection: (done: Parameters<BoundedPool['getConnection']>[0]) => {
          this.statements.pool.getConnection(done);
        },
      },
      storeType: 'pool',
      dbName: String(this.dataSource.options.database),
      tableName: TABLE,
      tableCreated: true,
      clearExpiredByTimeout: false,
    });
  }

  /** Removes some of the counters that have expired. @returns whether there may be more */
  async trim(): Promise<boolean> {
    if (this.database.isEmbedded) return false;
    return (await this.statements.write(TRIM, [Date.now()])) === TRIMMED;
  }
}
