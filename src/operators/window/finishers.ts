import {
  ARG_RANK,
  ARG_VALUE,
  DECAY_WEIGHT,
  EDGE_RANK,
  EDGE_VALUE,
  EMA_COUNT,
  EMA_VALUE,
  MOMENTS_COUNT,
} from '../../../assembly/abi.ts'
import { BYTE_WIDTH } from '../../schema/data-type.ts'
import { ArgExtremeAccumulator } from './arg-extreme-accumulator.ts'
import { DecayAccumulator, EmaAccumulator } from './average-accumulators.ts'
import { collectionFinisher } from './collection-finishers.ts'
import { CountMaskAccumulator } from './count-accumulators.ts'
import { EdgeValueAccumulator } from './edge-value-accumulator.ts'
import { type Finish, fieldAt, whereAbove } from './finish.ts'
import { Forever } from './forever.ts'
import { ExtremeI64Accumulator, SumI64Accumulator } from './i64-accumulators.ts'
import { MomentsAccumulator } from './moments-accumulator.ts'
import type { AggregateCall, RecordFields } from './record-fields.ts'

/** Column of the rows' event time among those a window is given. */
const TIME_COLUMN = 0

/** Places what an aggregate needs into the record, and says how its result is made of it. */
export function finisherOf(fields: RecordFields, call: AggregateCall): Finish {
  const { fn, column, input, parameters } = call
  const { kernels: k, memory } = fields.frame
  switch (fn) {
    case 'count':
      return fieldAt(k, fields.countAt(call))
    case 'countIf': {
      const { at } = fields.share(`mask ${column}`, () => new CountMaskAccumulator(k, column))
      return fieldAt(k, at)
    }
    case 'sum':
    case 'avg': {
      if (input.name === 'i64' && fn === 'sum') {
        const { at } = fields.share(`sum i64 ${column}`, () => new SumI64Accumulator(k, column))
        return whereAny(fields, call, fieldAt(k, at))
      }
      const { accumulator, at } = fields.f64(column)
      const sumAt = at + accumulator.sumAt
      const countAt = fields.countAt(call)
      return whereAny(fields, call, (addresses, n, { values }) => {
        if (fn === 'sum') k.finishSumF64(addresses, n, sumAt, values)
        else k.finishAvgF64(addresses, n, sumAt, countAt, values)
      })
    }
    case 'min':
    case 'max':
      return whereAny(fields, call, fieldAt(k, extremeAt(fields, call, fn)))
    case 'minForever':
    case 'maxForever': {
      const ofWindow = whereAny(fields, call, fieldAt(k, extremeAt(fields, call, fn === 'minForever' ? 'min' : 'max')))
      const forever = new Forever(memory, input.name, fn === 'maxForever')
      fields.forevers.push(forever)
      fields.bounds.add(`${fn}: a value for every key there ever was, up to maxKeys`)
      return (addresses, n, target, ids) => {
        ofWindow(addresses, n, target, ids)
        forever.fold(ids, n, target)
      }
    }
    case 'first':
    case 'last': {
      const width = widthOf(call)
      const { at } = fields.share(`${fn} ${column}`, () => new EdgeValueAccumulator(k, column, fn, width))
      return valueOfRow(fields, call, at + EDGE_VALUE, at + EDGE_RANK)
    }
    case 'argMin':
    case 'argMax': {
      const width = widthOf(call)
      const by = call.others[0]!
      const { at } = fields.share(
        `${fn} ${column} ${by.column}`,
        () =>
          new ArgExtremeAccumulator(k, {
            value: column,
            by: by.column,
            isInteger: by.input.name === 'i64',
            width,
            greatest: fn === 'argMax',
          }),
      )
      return valueOfRow(fields, call, at + ARG_VALUE, at + ARG_RANK)
    }
    case 'variance':
    case 'varianceSample':
    case 'stdDev':
    case 'stdDevSample': {
      const { at } = fields.share(`moments ${column}`, () => new MomentsAccumulator(k, column))
      const ddof = fn.endsWith('Sample') ? 1 : 0
      const finish = fn.startsWith('stdDev') ? k.finishStdDevF64 : k.finishVarianceF64
      return whereAbove(k, at + MOMENTS_COUNT, ddof, (addresses, n, { values }) =>
        finish(addresses, n, at, ddof, values),
      )
    }
    case 'ema': {
      const [halfLifeMs] = parameters as [number]
      const { at } = fields.share(
        `decay ${column} ${halfLifeMs}`,
        () => new DecayAccumulator(k, column, TIME_COLUMN, halfLifeMs),
      )
      return whereAbove(k, at + DECAY_WEIGHT, 0, (addresses, n, { values }) =>
        k.finishDecayF64(addresses, n, at, values),
      )
    }
    case 'emaAlpha': {
      const [alpha] = parameters as [number]
      const { at } = fields.share(`ema ${column} ${alpha}`, () => new EmaAccumulator(k, column, alpha))
      return whereAbove(k, at + EMA_COUNT, 0, fieldAt(k, at + EMA_VALUE))
    }
    case 'rate':
    case 'boolAnd':
    case 'boolOr':
      throw new TypeError(`${fn} is computed from other aggregates`)
    default:
      return collectionFinisher(fields, call)
  }
}

/** A result that is null in a group where the column has no value. */
const whereAny = (fields: RecordFields, call: AggregateCall, finish: Finish): Finish =>
  whereAbove(fields.frame.kernels, fields.countAt(call), 0, finish)

/** The value one row of the group has had in the column; null where the rank of that row is 0: there was none. */
function valueOfRow(fields: RecordFields, call: AggregateCall, valueAt: number, rankAt: number): Finish {
  const { kernels, memory } = fields.frame
  fields.holdCode(call.dictionary, record => (memory.f64[(record + rankAt) >>> 3] === 0 ? 0 : record + valueAt))
  return whereAbove(kernels, rankAt, 0, fieldAt(kernels, valueAt, widthOf(call)))
}

/** Offset of the field with the least or greatest value. */
function extremeAt(fields: RecordFields, { column, input }: AggregateCall, which: 'min' | 'max'): number {
  const { kernels } = fields.frame
  if (input.name === 'i64')
    return fields.share(`${which} i64 ${column}`, () => new ExtremeI64Accumulator(kernels, column, which)).at
  const { accumulator, at } = fields.f64(column)
  return at + (which === 'min' ? accumulator.minAt : accumulator.maxAt)
}

/** Bytes of a value as it is kept: what is narrower is kept in 4. */
const widthOf = ({ input }: AggregateCall): 4 | 8 => (BYTE_WIDTH[input.name] === 8 ? 8 : 4)
