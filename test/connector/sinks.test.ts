import { describe, expect, test } from 'vitest'
import { SinkError } from '../../src/connector/sink.ts'
import { csvSink, ndjsonSink } from '../../src/connector/text-sink.ts'
import { toSink } from '../../src/connector/to-sink.ts'
import { EventfluxError } from '../../src/errors.ts'
import { RowQueueSink } from '../../src/runtime/row-queue-sink.ts'
import { describeSink } from './describe-conformance.ts'

const rows = [1, 2, 3, 4, 5]

/** Takes a row only when told to. */
function gate<R = number>() {
  const taken: R[] = []
  const waiting: (() => void)[] = []
  return {
    taken: () => taken,
    letThrough: () => waiting.shift()?.(),
    take: (row: R) =>
      new Promise<void>(resolve =>
        waiting.push(() => {
          taken.push(row)
          resolve()
        }),
      ),
  }
}

describeSink('an array', {
  make() {
    const taken: number[] = []
    return { sink: toSink(taken), taken: () => taken }
  },
  rows,
})
describeSink('a function', {
  make() {
    const taken: number[] = []
    return { sink: toSink((row: number) => taken.push(row)), taken: () => taken }
  },
  makeFailing: cause =>
    toSink(() => {
      throw cause
    }),
  rows,
})
describeSink('an async function', {
  make() {
    const { take, ...rest } = gate()
    return { sink: toSink(take), ...rest }
  },
  makeFailing: cause => toSink(() => Promise.reject(cause)),
  rows,
})
describeSink('a SinkHandler', {
  make() {
    const { take, ...rest } = gate()
    return { sink: toSink({ send: take }), ...rest }
  },
  makeFailing: cause => toSink({ send: () => {}, flush: () => Promise.reject(cause) }),
  rows,
})
describeSink('a WritableStream', {
  make() {
    const { take, ...rest } = gate()
    return { sink: toSink(new WritableStream({ write: take }, { highWaterMark: 2 })), ...rest }
  },
  makeFailing: cause => toSink(new WritableStream({ write: () => Promise.reject(cause) }, { highWaterMark: 9 })),
  rows,
})

describeSink('rows for who iterates', {
  make() {
    const sink = new RowQueueSink<number>(1)
    const taken: number[] = []
    return { sink, taken: () => taken, letThrough: () => void sink.next().then(({ value }) => taken.push(value!)) }
  },
  rows,
})

const objects = rows.map(n => ({ n }))
const text = (chunks: readonly Uint8Array[]): string => chunks.map(bytes => new TextDecoder().decode(bytes)).join('')
describeSink('NDJSON', {
  make() {
    const { take, taken, ...rest } = gate<Uint8Array>()
    const lines = () => text(taken()).split('\n').slice(0, -1)
    return { sink: ndjsonSink(take, { chunkChars: 1 }), taken: () => lines().map(line => JSON.parse(line)), ...rest }
  },
  makeFailing: cause => ndjsonSink(() => Promise.reject(cause)),
  rows: objects,
})
describeSink('CSV', {
  make() {
    const { take, taken, ...rest } = gate<Uint8Array>()
    const lines = () => text(taken()).split('\n').slice(1, -1)
    return { sink: csvSink(take, { chunkChars: 1 }), taken: () => lines().map(line => ({ n: Number(line) })), ...rest }
  },
  makeFailing: cause => csvSink(() => Promise.reject(cause)),
  rows: objects,
})

describe('what toSink takes', () => {
  test('a Sink stays what it is', () => {
    const sink = toSink<number>([])
    expect(toSink(sink)).toBe(sink)
  })

  test.each([['text'], [undefined], [null], [7], [{}]])('%o is refused', output => {
    expect(() => toSink(output as never)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
  })

  test('what a function returns is of no interest unless it is a promise', () => {
    expect(toSink(() => 17).write(1)).toBeUndefined()
    expect(toSink(() => ({ id: 1 })).write(1)).toBeUndefined()
  })

  test('maxInFlight is kept for whoever writes', () => {
    expect(toSink(async () => {}, { maxInFlight: 8 }).maxInFlight).toBe(8)
    expect(() => toSink([], { maxInFlight: 0 })).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
  })

  test('flush and close reach a SinkHandler as the object it is', async () => {
    class Handler {
      calls: string[] = []
      send() {
        this.calls.push('send')
      }
      flush() {
        this.calls.push('flush')
      }
      close() {
        this.calls.push('close')
      }
    }
    const handler = new Handler()
    const sink = toSink(handler)
    sink.write(1)
    await sink.flush?.()
    await sink.close?.()
    expect(handler.calls).toEqual(['send', 'flush', 'close'])
  })

  test('closing a WritableStream that failed before says why it did', async () => {
    const cause = new Error('no room')
    const sink = toSink(new WritableStream({ write: () => Promise.reject(cause) }, { highWaterMark: 9 }))
    sink.write(1)
    await new Promise(resolve => setImmediate(resolve))
    await expect(Promise.resolve(sink.close?.())).rejects.toBe(cause)
  })

  test('a SinkError is an EventfluxError that says whether to try again', () => {
    const cause = new Error('503')
    const error = new SinkError('busy', { retriable: true, event: { id: 1 }, cause })
    expect(error).toBeInstanceOf(EventfluxError)
    expect(error).toMatchObject({ code: 'SINK_FAILED', retriable: true, event: { id: 1 }, cause })
  })
})
