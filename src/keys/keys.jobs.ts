import { Injectable } from '@nestjs/common';
import { JobsService } from '../jobs/jobs.service.js';
import { SigningKeysService } from './signing-keys.service.js';

/**
 * Looks once a minute whether it is time for the next key. Otherwise the next request would have to
 * wait for it.
 */
@Injectable()
export class KeysJobs {
  constructor(jobs: JobsService, keys: SigningKeysService) {
    jobs.register({ name: 'keys.load', replicas: 'all', run: () => keys.load() });
  }
}
