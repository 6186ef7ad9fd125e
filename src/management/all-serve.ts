/**
 * The message of the primary process to its workers once all of them serve.
 * In a file of its own, because the primary does not load the framework.
 */
export const ALL_SERVE = 'all-workers-serve';
