// Layouts both languages read. Untyped constants only: asc inlines them, tsc imports them.
//
// Numbers in memory are little-endian. Addresses are byte offsets into linear memory; 0 means "none".
//
//   validity bitmap   bit i of byte i>>3 is 1 when row i has a value
//   mask              one byte a row, 0 or 1
//   selection         one u32 a row: the positions that survived, ascending
//
//   shared ring       between threads; each cursor has 128 bytes to itself, since processors fetch cache lines in pairs
//      0   head   u32 │ 4 seenTail u32  one consumer only: the tail it saw last
//    128   tail   u32 │ 132 seenHead u32  one producer only: the head it saw last
//    256   capacity u32 │ 260 lapMask u32, 2 × slots - 1 │ 264 stamps addr u32 │ 268 values addr of 8-byte values
//    272   mark u32  of what the ring is for: who attaches must mean the same
//    384   two wait cells: for events, for room │ 400 producer u32 │ 404 consumer u32: the members, where there is one each
//      cursor   2 × (lap × slots + index), and 1 more in the tail of a closed ring; slots: a power of two, at least 2
//      stamp    a u32 a slot, many producers and consumers: `cursor` free for it │ + 1 holds its event │ + 3 given up
//   member            a thread at a shared ring, which alone writes here; 128 bytes
//      0   state  u32 │ 8 claim: cursor u32, 12 count u32 │ 16 take: cursor u32, 20 count u32 │ 24 value f64
//     32   … u64 counters: accepted, delivered, evicted, refused because full, because closed, lost
//
//   accumulator record   one per slice and key; fields are 8 bytes each
//      0   rows   f64  rows seen; 0 = the record is free
//      8   …           the fields of each accumulator family, in plan order
//
//   buffer            what a field of a record keeps outside of the record; all zero = nothing yet
//      0   address  u32
//      4   capacity u32  elements there is room for; of a table its slots, a power of two
//      8   count    f64  elements in it
//     16   zero     f64  of a hash set: 1 when 0 is in it (a slot that holds 0 is empty)
//   list      8 bytes an element, in order
//   hash set  8 bytes a slot, linear probing, at most half full
//   top rows  elements are rows, the first in their order first: values as wide as in their columns, the widest first
//   registers 4,096 bytes, where capacity is 0 and address is not: HyperLogLog with 12 bits of index
//   bins      16 bytes a slot: 0 key u64 │ 8 count f64 (0 = empty), linear probing, at most half full
//
//   row layout        the columns rows are copied from, 20 bytes each:
//      0 values addr │ 4 validity addr │ 8 width u32: 1, 4 or 8 │ 12 at u32: where in a row the value stands
//      16 flagAt i32   where in a row 1 or 0 f64 says whether there is a value; -1: there always is
//   then what rows are ordered by, 8 bytes each: 0 column u32, its number │ 4 kind u32, ROW_KEY_…
//
//   key table         open addressing, linear probing from an even slot; at least 2 slots, a power of two
//      header   0 mask u32 │ 4 nextId u32 │ 8 idCapacity u32 │ 12 freeCount u32
//              16 slots addr │ 20 keys addr │ 24 free addr │ 28 words u32 (32-bit words in a key)
//      slot     0 id + 1 u32 (0 = empty) │ 4 hash u32
//      keys     `words` u32 a key, by id
//      free     u32 ids that may be handed out again, a stack of freeCount
//
//   slice entry       the slices a batch touches, by (slice index - first slice index)
//      0   records  u32  address of the slice's records (0 = no such slice yet)
//      4   touched  u32  address of the list of ids seen in this slice
//      8   count    u32  length of that list
//      12  template addr u32 of an empty record: records that aren't in use are copies of it
//
//   session           a stretch of activity of one key: its bounds, its neighbours, and its accumulator record
//      0   first    f64  least time        8   last  f64  greatest time
//      16  order    u32  of opening, mod 2^32         20  id  u32  of its key
//      24  before   u32  the key's session before it in time, 0 = none           28  after  u32  the one after it
//      32  marks    u32  of its keeper; 0 when it is opened
//      40  …             an accumulator record
//
//   sessions header
//      0   latest   addr u32 an id: the session of that key which is last in time, 0 = none
//      4   free     addr u32 sessions that may be opened, a stack of freeCount         8   freeCount u32
//      12  opened   addr u32 sessions opened since the keeper last looked              16  openedCount u32
//      20  order    u32  the order of the next session opened

export const SHARED_HEAD = 0
export const SHARED_SEEN_TAIL = 4
export const SHARED_TAIL = 128
export const SHARED_SEEN_HEAD = 132
export const SHARED_CAPACITY = 256
export const SHARED_LAP_MASK = 260
export const SHARED_STAMPS = 264
export const SHARED_VALUES = 268
export const SHARED_MARK = 272
export const SHARED_FOR_EVENTS = 384
export const SHARED_FOR_ROOM = 392
export const SHARED_PRODUCER = 400
export const SHARED_CONSUMER = 404
export const SHARED_HEADER_BYTES = 512
export const STAMP_FILLED = 1
export const STAMP_GIVEN_UP = 3

export const MEMBER_STATE = 0
export const MEMBER_CLAIM = 8
export const MEMBER_CLAIM_COUNT = 12
export const MEMBER_TAKE = 16
export const MEMBER_TAKE_COUNT = 20
export const MEMBER_VALUE = 24
export const MEMBER_ACCEPTED = 32
export const MEMBER_DELIVERED = 40
export const MEMBER_EVICTED = 48
export const MEMBER_FULL = 56
export const MEMBER_CLOSED = 64
export const MEMBER_LOST = 72
export const MEMBER_BYTES = 128

// What a claim or a take answers instead of a count.
/** No room, or no event. */
export const SHARED_NONE = 0
/** Another thread is in the middle of using the slot. */
export const SHARED_PENDING = -1
/** The ring is closed; to a take: and empty. */
export const SHARED_CLOSED = -2

export const RECORD_ROWS = 0
export const RECORD_FIELDS = 8

export const KEYS_MASK = 0
export const KEYS_NEXT_ID = 4
export const KEYS_ID_CAPACITY = 8
export const KEYS_FREE_COUNT = 12
export const KEYS_SLOTS = 16
export const KEYS_KEYS = 20
export const KEYS_FREE = 24
export const KEYS_WORDS = 28
export const KEYS_HEADER_BYTES = 32
export const KEYS_SLOT_BYTES = 8

export const SLICE_RECORDS = 0
export const SLICE_TOUCHED = 4
export const SLICE_COUNT = 8
export const SLICE_TEMPLATE = 12
export const SLICE_ENTRY_BYTES = 16

export const SESSION_FIRST = 0
export const SESSION_LAST = 8
export const SESSION_ORDER = 16
export const SESSION_ID = 20
export const SESSION_BEFORE = 24
export const SESSION_AFTER = 28
export const SESSION_MARKS = 32
export const SESSION_RECORD = 40

export const SESSIONS_LATEST = 0
export const SESSIONS_FREE = 4
export const SESSIONS_FREE_COUNT = 8
export const SESSIONS_OPENED = 12
export const SESSIONS_OPENED_COUNT = 16
export const SESSIONS_ORDER = 20
export const SESSIONS_HEADER_BYTES = 24

// Fields of the accumulator families, relative to the family's own offset in the record.
export const SUM_F64_SUM = 0
export const SUM_F64_CARRY = 8
export const SUM_F64_BYTES = 16
export const SUM_I64_BYTES = 8
export const EXTREME_BYTES = 8
export const COUNT_BYTES = 8
export const MOMENTS_MEAN = 0
export const MOMENTS_M2 = 8
export const MOMENTS_COUNT = 16
export const MOMENTS_BYTES = 24
export const EDGE_VALUE = 0
export const EDGE_RANK = 8
export const EDGE_BYTES = 16

export const ROW_COLUMN_VALUES = 0
export const ROW_COLUMN_VALIDITY = 4
export const ROW_COLUMN_WIDTH = 8
export const ROW_COLUMN_AT = 12
export const ROW_COLUMN_FLAG_AT = 16
export const ROW_COLUMN_BYTES = 20
export const ROW_KEY_COLUMN = 0
export const ROW_KEY_KIND = 4
export const ROW_KEY_BYTES = 8
/** Numbers: NaN comes last either way. */
export const ROW_KEY_F64 = 0
export const ROW_KEY_F32 = 1
export const ROW_KEY_I32 = 2
export const ROW_KEY_U32 = 3
export const ROW_KEY_I64 = 4
/** Codes of texts, which no kernel can order: 0, no text, comes last either way. */
export const ROW_KEY_TEXT = 5
/** Added to a kind: the greatest comes first. */
export const ROW_KEY_DOWN = 8

export const BUFFER_ADDRESS = 0
export const BUFFER_CAPACITY = 4
export const BUFFER_COUNT = 8
export const SET_ZERO = 16
export const LIST_BYTES = 16
export const SET_BYTES = 24
export const BINS_BYTES = 16
export const BIN_COUNT = 8
export const REGISTERS = 4096
export const ARG_BY = 0
export const ARG_VALUE = 8
export const ARG_RANK = 16
export const ARG_BYTES = 24
export const DECAY_TIME = 0
export const DECAY_SUM = 8
export const DECAY_WEIGHT = 16
export const DECAY_BYTES = 24
export const EMA_VALUE = 0
export const EMA_COUNT = 8
export const EMA_BYTES = 16

/**
 * Which input rows of a batch came in by: runs of rows, in their order. Rows between the end of a run and the start of the
 * next don't count.
 *
 * ```text
 *   0 start u32 │ 4 end u32, exclusive │ 8 input u32
 * ```
 */
export const INPUT_RUN_START = 0
export const INPUT_RUN_END = 4
export const INPUT_RUN_INPUT = 8
export const INPUT_RUN_BYTES = 12
