import { Injectable } from '@nestjs/common';
import { JobsService } from '../jobs/jobs.service.js';
import { Clock } from '../platform/clock/clock.js';
import { Counters } from './counters.js';
import { KnownSourcesService } from './known-sources.service.js';

/** Removes counters that have expired, and sources that are no longer known. */
@Injectable()
export class LimitsJobs {
  constructor(jobs: JobsService, counters: Counters, knownSources: KnownSourcesService, clock: Clock) {
    jobs.register({ name: 'limits.trim_counters', replicas: 'one', run: () => counters.trim(clock.now()) });
    jobs.register({ name: 'limits.trim_known_sources', replicas: 'one', run: () => knownSources.trim() });
  }
}
