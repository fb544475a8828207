/** The queries that are killed. */
export const KILLED = ['q5', 'q7', 'q11', 'q15', 'q17'] as const
export const CHECKPOINT_EVENTS = 5_000
/** The file of bids, and what the files of results end in. */
export const BIDS = 'bids.ndjson'
export const RESULTS = '.ndjson'
