import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { StateReader } from '../../src/checkpoint/state-reader.ts'
import { bytesOfState } from '../../src/checkpoint/stateful.ts'
import { csvSource, ndjsonSource } from '../../src/connector/byte-source.ts'
import type { Source } from '../../src/connector/source.ts'
import { toSource } from '../../src/connector/to-source.ts'
import type { EventfluxError } from '../../src/errors.ts'
import { csvFile, ndjsonFile } from '../../src/node/files.ts'
import { i32, utf8 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { blockRows } from '../../src/testing/block-rows.ts'
import { systemClock } from '../../src/time/clock.ts'

const rowsOf = schema({ n: i32(), text: utf8().nullable() })
const ROWS = Array.from({ length: 23 }, (_, n) => ({ n, text: n % 5 === 0 ? null : `t\n"${n},ü` }))
const csvRow = ({ n, text }: (typeof ROWS)[number]) => `${text === null ? '' : `"${text.replaceAll('"', '""')}"`},${n}`
/** Blank lines, a broken one, a header whose order is its own, a byte order mark, no line end at the end. */
const CSV = `\ufeff\r\n\ntext,n\r\n${ROWS.slice(0, 9).map(csvRow).join('\r\n')}\n\nbroken\n${ROWS.slice(9).map(csvRow).join('\n')}`
const NDJSON = ROWS.map(row => JSON.stringify(row)).join('\n{no json\n\n')
/** Longer than what is decoded at once, and than a block. */
const MANY = Array.from({ length: 9_000 }, (_, n) => ({ n, text: `${n} `.repeat(3) }))
const MANY_NDJSON = MANY.map(row => `${JSON.stringify(row)}\n`).join('')

let directory = ''
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'eventflux-positions-'))
  await writeFile(join(directory, 'rows.csv'), CSV)
  await writeFile(join(directory, 'rows.csv.gz'), gzipSync(CSV))
  await writeFile(join(directory, 'rows.ndjson'), NDJSON)
  await writeFile(join(directory, 'many.ndjson'), MANY_NDJSON)
})
afterAll(() => rm(directory, { recursive: true }))

const SOURCES: Readonly<Record<string, () => Source<never>>> = {
  'an array': () => toSource(ROWS) as Source<never>,
  'CSV text': () => csvSource(CSV, rowsOf),
  'CSV that names no columns': () => csvSource(ROWS.map(csvRow).join('\n'), rowsOf, { columns: ['text', 'n'] }),
  'CSV in pieces': () => csvSource(() => CSV.match(/[\s\S]{1,7}/g)!, rowsOf),
  'NDJSON text': () => ndjsonSource(NDJSON, rowsOf),
  'NDJSON that can be opened anywhere': () => {
    const bytes = new TextEncoder().encode(NDJSON)
    return ndjsonSource({ open: offset => bytes.subarray(offset) }, rowsOf)
  },
  'a CSV file': () => csvFile(join(directory, 'rows.csv'), rowsOf),
  'a compressed CSV file': () => csvFile(join(directory, 'rows.csv.gz'), rowsOf),
  'an NDJSON file': () => ndjsonFile(join(directory, 'rows.ndjson'), rowsOf),
}

interface Given {
  readonly rows: unknown[]
  readonly errors: (string | undefined)[]
}

/** What a source gives until it has given `most` rows: at whichever of them it stands, `at` is told. */
async function given(source: Source<never>, most = Number.POSITIVE_INFINITY, at = () => {}): Promise<Given> {
  const rows: unknown[] = []
  const errors: (string | undefined)[] = []
  const stop = new AbortController()
  const take = (more: readonly unknown[]): true => {
    for (const row of more) if (rows.length < most) rows.push(row)
    if (rows.length >= most && !stop.signal.aborted) {
      at()
      stop.abort()
    }
    return true
  }
  await source.run({
    push: row => take([row]),
    pushMany: take,
    pushColumns: block => take(blockRows(block)),
    reject: error => void errors.push(error.at),
    signal: stop.signal,
    clock: systemClock,
    schema: rowsOf,
  })
  return { rows, errors }
}

const positionOf = (source: Source<never>, rows: number): Uint8Array =>
  bytesOfState({ snapshot: writer => source.snapshot!(writer, rows) })

function at(source: Source<never>, position: Uint8Array): Source<never> {
  const reader = new StateReader(position)
  source.restore!(reader)
  reader.end()
  return source
}

describe.each(Object.entries(SOURCES))('the position of %s', (_, make) => {
  it('has a fresh one go on behind every row, and again behind every row from there', async () => {
    const whole = await given(make())
    expect(whole.rows).toEqual(ROWS)
    for (let first = 0; first <= ROWS.length; first++) {
      const source = make()
      let position = positionOf(source, 0)
      if (first > 0) await given(source, first, () => (position = positionOf(source, first)))
      const second = at(make(), position)
      expect(positionOf(second, 0)).toEqual(position)
      let next = position
      const more = await given(second, 4, () => (next = positionOf(second, 4)))
      const rest = await given(at(make(), next))
      const behind = more.rows.length < 4 ? [] : rest.rows
      expect([...more.rows, ...behind]).toEqual(ROWS.slice(first))
      if (first === ROWS.length) expect(more.rows).toEqual([])
    }
  })

  it('keeps the numbers of lines', async () => {
    const whole = await given(make())
    const source = make()
    let position = positionOf(source, 0)
    await given(source, 3, () => (position = positionOf(source, 3)))
    const { errors } = await given(at(make(), position))
    expect(errors).toEqual(whole.errors.slice(whole.errors.length - errors.length))
  })
})

describe('positions', () => {
  it('stand in long files wherever the blocks are cut', async () => {
    const path = join(directory, 'many.ndjson')
    for (const rows of [1, 1_000, 4_096, 5_000, 8_999, 9_000]) {
      const source = ndjsonFile(path, rowsOf)
      let position: Uint8Array = new Uint8Array()
      await given(source, rows, () => (position = positionOf(source, rows)))
      expect((await given(at(ndjsonFile(path, rowsOf), position))).rows).toEqual(MANY.slice(rows))
    }
  })

  it('stand in texts cut within characters, of which the halves come together, and alone where they are', async () => {
    const texts = ['\u{1F600}\u{1F600}', 'a\uD83Dx', '\uDE00b', '\u00E9']
    const lines = `${texts.map(text => `{"text":"${text}"}\n`).join('')}\uD83D`
    const rows = ['\u{1F600}\u{1F600}', 'a\uFFFDx', '\uFFFDb', '\u00E9'].map(text => ({ text }))
    const ofText = schema({ text: utf8() })
    const cut = (): Source<never> => ndjsonSource(() => lines.split(''), ofText)
    expect(await given(cut())).toEqual({ rows, errors: ['line 5'] })
    for (let first = 1; first <= rows.length; first++) {
      const source = cut()
      let position: Uint8Array = new Uint8Array()
      await given(source, first, () => (position = positionOf(source, first)))
      expect((await given(at(cut(), position))).rows).toEqual(rows.slice(first))
    }
    const before = new TextEncoder().encode('{"text":"\u00E9"}\n')
    const pieces = ['{"text":"a\uD83D', '', '\uDE00', '"}\n\uD83D', before.slice(0, 10), before.slice(10)]
    expect(await given(ndjsonSource(pieces, ofText))).toEqual({ rows: [{ text: 'a\u{1F600}' }], errors: ['line 2'] })
    expect((await given(csvSource(['text\n\uD83D', '\uDE00\n'], ofText))).rows).toEqual([{ text: '\u{1F600}' }])
  })

  it('in input that has become shorter are an error', async () => {
    const path = join(directory, 'shrunk.ndjson')
    await writeFile(path, MANY_NDJSON)
    const source = ndjsonFile(path, rowsOf)
    let position: Uint8Array = new Uint8Array()
    await given(source, 8_999, () => (position = positionOf(source, 8_999)))
    await writeFile(path, NDJSON)
    for (const shorter of [ndjsonFile(path, rowsOf), ndjsonSource(NDJSON, rowsOf)])
      await expect(given(at(shorter, position))).rejects.toMatchObject({ code: 'SOURCE_FAILED' })
  })

  it('are none where input comes once', () => {
    const { snapshot, restore } = ndjsonSource(new Blob([NDJSON]).stream() as ReadableStream<Uint8Array>, rowsOf)
    expect([snapshot, restore]).toEqual([undefined, undefined])
  })

  it('that are none are refused', () => {
    const code = (source: Source<never>, write: (view: DataView) => void) => {
      const bytes = positionOf(SOURCES['CSV text']!(), 0)
      write(new DataView(bytes.buffer))
      try {
        at(source, bytes)
      } catch (error) {
        return (error as EventfluxError).code
      }
    }
    for (const wrong of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60])
      for (const place of [0, 8])
        expect(code(SOURCES['CSV text']!(), view => view.setFloat64(place, wrong, true))).toBe('CHECKPOINT_INVALID')
    expect(() => at(toSource([1]) as Source<never>, positionOf(toSource([1, 2, 3]) as Source<never>, 3))).toThrow(
      expect.objectContaining({ code: 'CHECKPOINT_INVALID' }),
    )
  })
})
