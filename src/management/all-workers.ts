import cluster from 'node:cluster';
import { Injectable } from '@nestjs/common';
import { ALL_SERVE } from './all-serve.js';

/** Knows whether every worker of this service has begun to serve. A process without others is all of them. */
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
