import { build } from '../../scripts/prepare.js';

/** Builds the service before all tests, since some tests start it as a separate process. */
export default function setup(): void {
  build();
}
