import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HEADER, HEADER_BYTES, type Section } from '../../src/checkpoint/checkpoint-format.ts'
import { crc32c } from '../../src/checkpoint/crc-32c.ts'
import { decodeCheckpoint } from '../../src/checkpoint/decode-checkpoint.ts'
import { encodeCheckpoint } from '../../src/checkpoint/encode-checkpoint.ts'
import { EventfluxError } from '../../src/errors.ts'

const sections: readonly Section[] = [
  { name: 'a', bytes: Uint8Array.of(1, 2, 3) },
  { name: 'empty', bytes: new Uint8Array(0) },
  { name: 'operator/windowAggregate-1/tumbling window', bytes: new Uint8Array(300).map((_, i) => i * 7) },
]

/** What decoding ends with. Any other error than a typed one is a failure of the test. */
function codeOf(bytes: Uint8Array): string | undefined {
  try {
    decodeCheckpoint(bytes)
    return undefined
  } catch (error) {
    if (error instanceof EventfluxError) return error.code
    throw error
  }
}

/** Bytes with u32s written into them, and checksums that are right all the same. */
function forged(bytes: Uint8Array, words: readonly (readonly [at: number, value: number])[]): Uint8Array {
  const copy = bytes.slice()
  const view = new DataView(copy.buffer)
  for (const [at, value] of words) view.setUint32(at, value, true)
  const directory = view.getUint32(HEADER.directory, true)
  view.setUint32(HEADER.directoryCrc, crc32c(copy.subarray(HEADER_BYTES, HEADER_BYTES + directory)), true)
  view.setUint32(HEADER.crc, crc32c(copy.subarray(0, HEADER.crc)), true)
  return copy
}

describe('CRC-32C', () => {
  it('gives the values of RFC 3720, appendix B.4', () => {
    const ramp = new Uint8Array(32).map((_, i) => i)
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa)
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43)
    expect(crc32c(ramp)).toBe(0x46dd794e)
    expect(crc32c(ramp.toReversed())).toBe(0x113fdb5c)
    expect(crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283)
  })

  it('is what dividing by the polynomial bit by bit gives', () => {
    const slowly = (bytes: Uint8Array): number => {
      let crc = 0xffffffff
      for (const byte of bytes) {
        crc ^= byte
        for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0)
      }
      return ~crc >>> 0
    }
    fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), bytes => crc32c(bytes) === slowly(bytes)))
  })

  it('goes on from where it was left, wherever that was', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(100), (bytes, cut) => {
        expect(crc32c(bytes.subarray(cut), crc32c(bytes.subarray(0, cut)))).toBe(crc32c(bytes))
      }),
    )
  })
})

describe('a checkpoint in bytes', () => {
  const bytes = encodeCheckpoint(sections)

  it('gives back its sections', () => {
    const { version, sections: found } = decodeCheckpoint(bytes)
    expect(version).toEqual({ major: 3, minor: 0 })
    expect(found.map(({ name, bytes }) => ({ name, bytes: [...bytes] }))).toEqual(
      sections.map(({ name, bytes }) => ({ name, bytes: [...bytes] })),
    )
  })

  it('stands in the bytes the picture of the format says', () => {
    const small = encodeCheckpoint([{ name: 'n', bytes: Uint8Array.of(5) }])
    const hex = Buffer.from(small).toString('hex')
    expect(hex.slice(0, 56)).toBe('894546434b500d0a' + '03000000' + '01000000' + '14000000' + '3900000000000000')
    expect(hex.slice(72)).toBe('0100' + '6e' + '00' + '01000000' + '4d478c67' + '01000000' + '4d478c67' + '05')
  })

  it('is drawn in the documents as in the code', () => {
    const source = readFileSync(new URL('../../src/checkpoint/checkpoint-format.ts', import.meta.url), 'utf8')
    const picture = source.match(/\* ```\n([\s\S]*?) \* ```/)![1]!.replaceAll(/^ \* ?/gm, '')
    expect(readFileSync(new URL('../../docs/checkpoints.md', import.meta.url), 'utf8')).toContain(picture)
  })

  it('is refused when it is torn off anywhere', () => {
    for (let length = 0; length < bytes.length; length++)
      expect(codeOf(bytes.subarray(0, length)), `${length}`).toBe('CHECKPOINT_INVALID')
  })

  it('is refused when any bit of it is turned over', () => {
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const damaged = bytes.slice()
      damaged[bit >>> 3]! ^= 1 << (bit & 7)
      expect(codeOf(damaged), `bit ${bit}`).toBe('CHECKPOINT_INVALID')
    }
  })

  it('is refused when something is behind it', () => {
    expect(codeOf(Uint8Array.of(...bytes, 0))).toBe('CHECKPOINT_INVALID')
    expect(codeOf(Uint8Array.of(...bytes, ...bytes))).toBe('CHECKPOINT_INVALID')
  })

  it('is refused when a length in it is none, though every checksum is right', () => {
    const hostile = [0x7fffffff, 0x80000000, 0xffffffff, 0, 1, 2 ** 21]
    const places = [HEADER.sections, HEADER.directory, HEADER.total, HEADER.total + 4]
    // Bytes of the first section: whole, and as they stand; and what its name is long.
    const entry = HEADER_BYTES + 2 + 1
    for (const at of [...places, entry + 1, entry + 9]) {
      for (const value of hostile) {
        const damaged = forged(bytes, [[at, value]])
        if (Buffer.compare(damaged, bytes) !== 0)
          expect(codeOf(damaged), `${value} at ${at}`).toBe('CHECKPOINT_INVALID')
      }
    }
    expect(
      codeOf(
        forged(bytes, [
          [HEADER.total, 0xffffffff],
          [HEADER.total + 4, 2 ** 21 - 1],
        ]),
      ),
    ).toBe('CHECKPOINT_INVALID')
  })

  it('is refused when two of its sections have one name', () => {
    const twice = encodeCheckpoint([
      { name: 'ab', bytes: Uint8Array.of(1) },
      { name: 'ac', bytes: Uint8Array.of(2) },
    ])
    twice[HEADER_BYTES + 2 + 2 + 17 + 2 + 1] = 'b'.charCodeAt(0)
    expect(codeOf(forged(twice, []))).toBe('CHECKPOINT_INVALID')
  })

  it('is not written with sections nobody could tell apart', () => {
    const make = (names: readonly string[]) => () =>
      encodeCheckpoint(names.map(name => ({ name, bytes: new Uint8Array(1) })))
    const unsupported = expect.objectContaining({ code: 'CHECKPOINT_UNSUPPORTED' })
    expect(make(['a', 'a'])).toThrow(unsupported)
    expect(make([''])).toThrow(unsupported)
    expect(make(['n'.repeat(1025)])).toThrow(unsupported)
    for (const half of ['\ud83d', '\ude00', 'a\ude00\ud83d']) expect(make([half])).toThrow(unsupported)
    expect(make(['\ud83d\ude00'])).not.toThrow()
    expect(make(Array.from({ length: 4097 }, (_, i) => `${i}`))).toThrow(unsupported)
  })
})
