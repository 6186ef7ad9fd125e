import manifest from '../../../package.json' with { type: 'json' };

/** The name and version of the service, as package.json states them. */
export const { name: NAME, version: VERSION } = manifest;
