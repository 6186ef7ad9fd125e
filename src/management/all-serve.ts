/**
 * The message of the primary to its workers once all of them serve. It has a file of its own,
 * because the primary does not load the framework.
 */
export const ALL_SERVE = 'all-workers-serve';
