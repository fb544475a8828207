/** The Castagnoli polynomial, its bits reversed. */
const POLYNOMIAL = 0x82f63b78
/** Bytes taken in one step: a table for each. */
const LANES = 16

/** `TABLES[256 * n + b]`: what the byte `b` does to the checksum with `n` bytes behind it. */
const TABLES = makeTables()

/**
 * The CRC-32C of bytes: what tells damage by accident, every burst of up to 32 bits for certain.
 *
 * @param before The checksum of what comes before them, where they are a part of something.
 */
export function crc32c(bytes: Uint8Array, before = 0): number {
  const tables = TABLES
  let crc = ~before
  let at = 0
  for (const end = bytes.length - LANES; at <= end; at += LANES) {
    crc =
      tables[3840 + ((crc ^ bytes[at]!) & 0xff)]! ^
      tables[3584 + (((crc >>> 8) ^ bytes[at + 1]!) & 0xff)]! ^
      tables[3328 + (((crc >>> 16) ^ bytes[at + 2]!) & 0xff)]! ^
      tables[3072 + ((crc >>> 24) ^ bytes[at + 3]!)]! ^
      tables[2816 + bytes[at + 4]!]! ^
      tables[2560 + bytes[at + 5]!]! ^
      tables[2304 + bytes[at + 6]!]! ^
      tables[2048 + bytes[at + 7]!]! ^
      tables[1792 + bytes[at + 8]!]! ^
      tables[1536 + bytes[at + 9]!]! ^
      tables[1280 + bytes[at + 10]!]! ^
      tables[1024 + bytes[at + 11]!]! ^
      tables[768 + bytes[at + 12]!]! ^
      tables[512 + bytes[at + 13]!]! ^
      tables[256 + bytes[at + 14]!]! ^
      tables[bytes[at + 15]!]!
  }
  for (; at < bytes.length; at++) crc = tables[(crc ^ bytes[at]!) & 0xff]! ^ (crc >>> 8)
  return ~crc >>> 0
}

function makeTables(): Int32Array {
  const tables = new Int32Array(256 * LANES)
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
    tables[byte] = crc
  }
  for (let at = 256; at < tables.length; at++) {
    const shorter = tables[at - 256]!
    tables[at] = tables[shorter & 0xff]! ^ (shorter >>> 8)
  }
  return tables
}
