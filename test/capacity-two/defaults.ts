// Stands in for src/plan/default-capacity.ts in the second run of the tests: a pipeline that doesn't say otherwise has a
// ring of two rows and batches of two. No answer may depend on it.
export const DEFAULT_BUFFER_SIZE = 2
export const DEFAULT_MAX_BATCH = 2
