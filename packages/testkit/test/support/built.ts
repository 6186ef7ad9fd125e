import { build, buildTestkit } from '../../../../scripts/prepare.js';

/** Builds the service and the kit, since some tests start them as separate processes. */
export default function setup(): void {
  build();
  buildTestkit();
}
