import { afterAll, beforeAll, describe, it } from 'vitest';
import { CASES_ACROSS } from '../packages/testkit/src/conformance/cases-across.js';
import { contextOf } from './support/conformance.js';
import { type Service, startService } from './support/service.js';

let service: Service;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.stop());

describe('The accounts and sessions behind both contracts', () => {
  for (const { id, section, title, run } of CASES_ACROSS)
    it(`${section}: ${title} (${id})`, () => run(contextOf(service.client)));
});
