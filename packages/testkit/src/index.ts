export * from './client/latchkey.js';
export { ControlError } from './client/control-client.js';
export { type RunningLatchkey, startLatchkey, type StartOptions } from './start.js';
