import cluster from 'node:cluster';
import { Injectable } from '@nestjs/common';
import { ALL_SERVE } from './all-serve.js';

/**
 * Tells whether all workers of this service have begun to serve. A process without workers counts
 * as all.
 */
@Injectable()
export class AllWorkers {
  private serve = !cluster.isWorker;

  constructor() {
    if (this.serve) return;
    const onMessage = (message: unknown) => {
      if (message !== ALL_SERVE) return;
      this.serve = true;
      process.off('message', onMessage);
    };
    process.on('message', onMessage);
  }

  get haveStarted(): boolean {
    return this.serve;
  }
}
