/**
 * A checkpoint in bytes, all numbers little-endian. What the sections mean is the business of whoever wrote them; the
 * frame around them stays the same whatever the version.
 *
 * ```
 *   0  89 45 46 43 4b 50 0d 0a    magic: no text, and broken by whatever "repairs" line ends
 *   8  u16 major · u16 minor      version of what the sections mean
 *  12  u32 sections
 *  16  u32 bytes of the directory
 *  20  u32 low · u32 high         bytes of all, this header included
 *  28  u32 CRC-32C of the directory
 *  32  u32 CRC-32C of the 32 bytes above
 *  36  directory: for each section, in order,
 *        u16 bytes of the name · the name, UTF-8
 *        u8  form: 0 whole · 1 changes to the section of that name in the checkpoint before
 *        u32 bytes of the section, once whole
 *        u32 CRC-32C of the section, once whole
 *        u32 bytes that stand here
 *        u32 CRC-32C of these
 *      the bytes of the sections, one behind the other
 * ```
 */
export const MAGIC = Uint8Array.of(0x89, 0x45, 0x46, 0x43, 0x4b, 0x50, 0x0d, 0x0a)
export const HEADER_BYTES = 36
/** Bytes of an entry of the directory beside its name. */
export const ENTRY_BYTES = 19
export const HEADER = {
  major: 8,
  minor: 10,
  sections: 12,
  directory: 16,
  total: 20,
  directoryCrc: 28,
  crc: 32,
} as const

/** What is written. Of another minor version no section that is known means anything else. */
export const VERSION = { major: 3, minor: 0 } as const

/** How a section stands in a checkpoint. */
export const FORM = { whole: 0, changes: 1 } as const

/** Most sections of a checkpoint: more than a plan has steps, inputs and outputs. */
export const MOST_SECTIONS = 4096
/** Longest name of a section, in bytes. */
export const LONGEST_NAME = 1024

/** A named part of a checkpoint. */
export interface Section {
  readonly name: string
  readonly bytes: Uint8Array
}

/** A section as it stands in a checkpoint: whole, or as changes to the one of its name in the checkpoint before. */
export interface StoredSection extends Section {
  readonly form: (typeof FORM)[keyof typeof FORM]
  /** Bytes and CRC-32C of the section once it is whole. */
  readonly wholeBytes: number
  readonly wholeCrc: number
}

/** A checkpoint taken apart. */
export interface DecodedCheckpoint {
  readonly version: { readonly major: number; readonly minor: number }
  readonly sections: readonly StoredSection[]
}
