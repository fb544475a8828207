/** Events an edge holds unless told otherwise. */
export const DEFAULT_BUFFER_SIZE = 65_536
/** Rows handed to an operator at once unless told otherwise: a batch's columns stay in the cache. */
export const DEFAULT_MAX_BATCH = 16_384
