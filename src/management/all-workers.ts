import cluster from 'node:cluster';
import { Injectable } from '@nestjs/common';
import { ALL_SERVE } from './all-serve.js';

/**
 * Tells whether all workers of this service have begun to serve. In a process without workers, they
 * always have.
 */
@Injectable()
export class AllWorkers {
  private haveAllStarted = !cluster.isWorker;

  constructor() {
    if (this.haveAllStarted) return;
    const onMessage = (message: unknown) => {
      if (message !== ALL_SERVE) return;
      this.haveAllStarted = true;
      process.off('message', onMessage);
    };
    process.on('message', onMessage);
  }

  get haveStarted(): boolean {
    return this.haveAllStarted;
  }
}
