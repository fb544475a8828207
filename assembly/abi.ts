// Layouts both languages read. Untyped constants only: asc inlines them, tsc imports them.
//
// Numbers in memory are little-endian. Addresses are byte offsets into linear memory; 0 means "none".
//
//   validity bitmap   bit i of byte i>>3 is 1 when row i has a value
//   mask              one byte a row, 0 or 1
//   selection         one u32 a row: the positions that survived, ascending
//
//   ring header       one cursor to a cache line, so that a producer and a consumer on two threads don't share one
//      0   head   u32  rows released so far (mod 2^32)
//      64  tail   u32  rows published so far (mod 2^32)
//
//   accumulator record   one per slice and key; fields are 8 bytes each
//      0   rows   f64  rows seen; 0 = the record is free
//      8   …           the fields of each accumulator family, in plan order
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

export const RING_HEAD = 0
export const RING_TAIL = 64
export const RING_HEADER_BYTES = 128

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
export const SLICE_ENTRY_BYTES = 16

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
export const EDGE_SET = 8
export const EDGE_BYTES = 16
