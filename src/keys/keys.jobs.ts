import { Injectable } from '@nestjs/common';
import { JobsService } from '../jobs/jobs.service.js';
import { SigningKeysService } from './signing-keys.service.js';

/**
 * Checks once a minute whether the next key is due, so that no request has to wait for it to be
 * made.
 */
@Injectable()
export class KeysJobs {
  constructor(jobs: JobsService, keys: SigningKeysService) {
    jobs.register({ name: 'keys.load', replicas: 'all', run: () => keys.load() });
  }
}
