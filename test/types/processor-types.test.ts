import { describe, expect, it } from 'vitest'
import type { Emit, Processor } from '../../src/connector/processor.ts'
import { pipeline } from '../../src/packaged.ts'
import { i32 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'

const numbers = schema({ n: i32() })
type Row = { readonly n: number }

/** Compiles, and is never called: what stands in it is checked by the type checker alone. */
const typesOnly = (_: () => unknown) => expect(_).toBeTypeOf('function')
const processed = (processor: Processor<Row, Row>) => pipeline(numbers).process(numbers, () => processor)

describe('the types of processors', () => {
  it('take callbacks that give nothing, or what nobody looks at', () => {
    const seen: Row[] = []
    class Method implements Processor<Row, Row> {
      process(row: Row, emit: Emit<Row>) {
        emit(row)
      }
    }
    typesOnly(() => processed(new Method()))
    typesOnly(() => processed({ process: (row, emit) => emit(row) }))
    typesOnly(() => processed({ process: (row, emit) => row.n > 0 && emit(row) }))
    typesOnly(() => processed({ process: row => seen.push(row) }))
    typesOnly(() => processed({ process: (row, emit) => [row, row].map(emit) }))
  })

  it('take none that gives a promise: rows are not waited for', () => {
    const pass: Processor<Row, Row>['process'] = (row, emit) => emit(row)
    // @ts-expect-error: process
    typesOnly(() => processed({ process: async (row, emit) => emit(row) }))
    // @ts-expect-error: process, at times
    typesOnly(() => processed({ process: (row, emit) => (row.n > 0 ? emit(row) : Promise.resolve()) }))
    // @ts-expect-error: onTimer
    typesOnly(() => processed({ process: pass, onTimer: async () => {} }))
    // @ts-expect-error: onWatermark
    typesOnly(() => processed({ process: pass, onWatermark: async () => {} }))
  })
})
