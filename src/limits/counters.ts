import { Injectable } from '@nestjs/common';
import type { Pool } from 'mysql2';
import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterMySQL } from 'rate-limiter-flexible';
import { DataSource } from 'typeorm';

const TABLE = 'rate_limits';

/** Counters that expire: in the database, so that all replicas share them; on the embedded store, which has one process, in memory. */
@Injectable()
export class Counters {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * @param name tells them from others
   * @param points how far one counts before it refuses
   * @param duration seconds for which one counts
   */
  of(name: string, points: number, duration: number): RateLimiterAbstract {
    const options = { keyPrefix: name, points, duration };
    if (this.dataSource.options.type !== 'mysql') return new RateLimiterMemory(options);
    return new RateLimiterMySQL({
      ...options,
      // There is no pool before the connection.
      storeClient: {
        getConnection: (done: Parameters<Pool['getConnection']>[0]) => {
          this.pool.getConnection(done);
        },
      },
      storeType: 'pool',
      dbName: String(this.dataSource.options.database),
      tableName: TABLE,
      tableCreated: true,
      clearExpiredByTimeout: false,
    });
  }

  /** Removes the counters that have expired. */
  async trim(): Promise<void> {
    await this.dataSource.query(`DELETE FROM ${TABLE} WHERE expire < ?`, [Date.now()]);
  }

  private get pool(): Pool {
    return (this.dataSource.driver as unknown as { pool: Pool }).pool;
  }
}
