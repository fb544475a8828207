import { BUFFER_ADDRESS, BUFFER_CAPACITY, BUFFER_COUNT } from '../../../assembly/abi.ts'
import type { LinearMemory } from '../../memory/linear-memory.ts'
import { ApproxDistinctAccumulator } from './approx-distinct-accumulator.ts'
import { binnedValues, distinctValues, listedValues } from './buffer-accumulator.ts'
import { type Finish, fieldAt, whereAbove } from './finish.ts'
import { ObjectAccumulator } from './object-accumulator.ts'
import { listState, type ObjectState, setState, topState, userState } from './object-state.ts'
import { binMask, percentileOfBins, percentileOfList } from './percentile.ts'
import type { AggregateCall, RecordFields } from './record-fields.ts'

/** The same for aggregates whose state has no fixed size: it stands outside of the record. */
export function collectionFinisher(fields: RecordFields, call: AggregateCall): Finish {
  const { fn, column, input, output, parameters } = call
  const { kernels: k, arena, memory } = fields.frame
  /** A result that is null where the buffer at `at` is empty. */
  const whereAny = (at: number, finish: Finish): Finish => whereAbove(k, at + BUFFER_COUNT, 0, finish)
  switch (fn) {
    case 'distinctCount': {
      const { accumulator, at } = fields.share(`distinct ${column}`, () => distinctValues(k, arena, column, input.name))
      fields.bounds.add('distinctCount: 16 to 64 bytes for each different value, within maxMemory')
      fields.holdCodes(call.dictionary, {
        mark(record, mark) {
          const { u32 } = memory
          const first = u32[(record + at + BUFFER_ADDRESS) >>> 2]! >>> 2
          const slots = u32[(record + at + BUFFER_CAPACITY) >>> 2]!
          for (let i = 0; i < slots; i++) if (u32[first + i * 2] !== 0) mark(u32[first + i * 2]!)
        },
        replace: (record, codeOf) => accumulator.replace(record, at, codeOf),
      })
      return fieldAt(k, at + BUFFER_COUNT)
    }
    case 'approxDistinct': {
      const { accumulator, at } = fields.share(
        `approx ${column}`,
        () => new ApproxDistinctAccumulator(fields.frame, column, input.name, call.dictionary),
      )
      fields.bounds.add('approxDistinct: at most 4 KiB for each record')
      return eachRecord(memory, record => accumulator.estimate(record, at))
    }
    case 'percentile': {
      const { at } = fields.share(`list ${column}`, () => listedValues(k, arena, column))
      const [p] = parameters as [number]
      fields.bounds.add('percentile: 8 to 16 bytes for each row, within maxMemory')
      return whereAny(
        at,
        eachRecord(memory, record => percentileOfList(memory, record + at, p)),
      )
    }
    case 'percentileSketch': {
      const [p, error] = parameters as [number, number]
      const mask = binMask(error)
      const { at } = fields.share(`bins ${column} ${mask}`, () => binnedValues(k, arena, column, mask))
      fields.bounds.add(`percentile within ${error}: 32 to 64 bytes for each bin that has values, within maxMemory`)
      return whereAny(
        at,
        eachRecord(memory, record => percentileOfBins(memory, record + at, p, error)),
      )
    }
    default: {
      const name = fn === 'user' ? call.definition!.name : fn
      const inputs = column < 0 ? [] : [{ column, input }, ...call.others]
      const { accumulator, at } = fields.place(new ObjectAccumulator(memory, name, stateOf(call), inputs))
      fields.bounds.add(
        fn === 'user' ? `${name}: what it keeps` : `${fn}: at most ${parameters[0]} values for each record`,
      )
      return accumulator.finish(at, output)
    }
  }
}

/** One f64 for each record, computed in TypeScript. */
function eachRecord(memory: LinearMemory, of: (record: number) => number): Finish {
  return (addresses, n, { values }) => {
    for (let j = 0; j < n; j++) {
      const result = of(memory.u32[(addresses >>> 2) + j]!)
      memory.f64[(values >>> 3) + j] = result
    }
  }
}

function stateOf({ fn, input, parameters, definition }: AggregateCall): ObjectState<unknown> {
  const [most] = parameters as [number]
  switch (fn) {
    case 'collect':
      return listState(most, input) as ObjectState<unknown>
    case 'collectSet':
      return setState(most, input) as ObjectState<unknown>
    case 'user':
      return userState(definition!)
    default:
      return topState(most, fn === 'topK', input) as ObjectState<unknown>
  }
}
