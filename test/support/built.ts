import { build } from '../../scripts/prepare.js';

/** Global setup: some tests start the compiled service as a process of its own. */
export default function setup(): void {
  build();
}
