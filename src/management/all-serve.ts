/** What the first process tells a worker once every worker serves. Apart, since the first process loads no framework. */
export const ALL_SERVE = 'all-workers-serve';
