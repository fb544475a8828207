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
import type { TypeName } from '../../schema/data-type.ts'
import { ArgExtremeAccumulator } from './arg-extreme-accumulator.ts'
import { DecayAccumulator, EmaAccumulator } from './average-accumulators.ts'
import { collectionFinisher } from './collection-finishers.ts'
import { CountMaskAccumulator } from './count-accumulators.ts'
import { EdgeValueAccumulator } from './edge-value-accumulator.ts'
import type { Finish } from './finish.ts'
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
    case 'count': {
      const countAt = fields.countAt(call)
      return (addresses, n, { values }) => k.takeField8(addresses, n, countAt, values)
    }
    case 'countIf': {
      const { at } = fields.share(`mask ${column}`, () => new CountMaskAccumulator(k, column))
      return (addresses, n, { values }) => k.takeField8(addresses, n, at, values)
    }
    case 'sum':
    case 'avg': {
      if (input.name === 'i64' && fn === 'sum') {
        const { at } = fields.share(`sum i64 ${column}`, () => new SumI64Accumulator(k, column))
        return whereAny(fields, call, (addresses, n, { values }) => k.takeField8(addresses, n, at, values))
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
    case 'max': {
      const fieldAt = extremeAt(fields, call, fn)
      return whereAny(fields, call, (addresses, n, { values }) => k.takeField8(addresses, n, fieldAt, values))
    }
    case 'minForever':
    case 'maxForever': {
      const fieldAt = extremeAt(fields, call, fn === 'minForever' ? 'min' : 'max')
      const forever = new Forever(memory, input.name, fn === 'maxForever')
      fields.forevers.push(forever)
      fields.bounds.add(`${fn}: a value for every key there ever was, up to maxKeys`)
      const ofWindow = whereAny(fields, call, (addresses, n, { values }) => k.takeField8(addresses, n, fieldAt, values))
      return (addresses, n, target, ids) => {
        ofWindow(addresses, n, target, ids)
        forever.fold(ids, n, target)
      }
    }
    case 'first':
    case 'last': {
      const width = WIDE.has(input.name) ? 8 : 4
      const { at } = fields.share(`${fn} ${column}`, () => new EdgeValueAccumulator(k, column, fn, width))
      fields.holdCode(call.dictionary, record =>
        memory.f64[(record + at + EDGE_RANK) >>> 3] === 0 ? 0 : record + at + EDGE_VALUE,
      )
      return (addresses, n, { values, validity }) => {
        if (width === 8) k.takeField8(addresses, n, at + EDGE_VALUE, values)
        else k.takeField4(addresses, n, at + EDGE_VALUE, values)
        if (validity !== 0) k.fieldAbove(addresses, n, at + EDGE_RANK, 0, validity)
      }
    }
    case 'argMin':
    case 'argMax': {
      const width = WIDE.has(input.name) ? 8 : 4
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
      fields.holdCode(call.dictionary, record =>
        memory.f64[(record + at + ARG_RANK) >>> 3] === 0 ? 0 : record + at + ARG_VALUE,
      )
      return (addresses, n, { values, validity }) => {
        if (width === 8) k.takeField8(addresses, n, at + ARG_VALUE, values)
        else k.takeField4(addresses, n, at + ARG_VALUE, values)
        if (validity !== 0) k.fieldAbove(addresses, n, at + ARG_RANK, 0, validity)
      }
    }
    case 'variance':
    case 'varianceSample':
    case 'stdDev':
    case 'stdDevSample': {
      const { at } = fields.share(`moments ${column}`, () => new MomentsAccumulator(k, column))
      const ddof = fn.endsWith('Sample') ? 1 : 0
      const root = fn.startsWith('stdDev')
      return (addresses, n, { values, validity }) => {
        if (root) k.finishStdDevF64(addresses, n, at, ddof, values)
        else k.finishVarianceF64(addresses, n, at, ddof, values)
        if (validity !== 0) k.fieldAbove(addresses, n, at + MOMENTS_COUNT, ddof, validity)
      }
    }
    case 'ema': {
      const [halfLifeMs] = parameters as [number]
      const { at } = fields.share(
        `decay ${column} ${halfLifeMs}`,
        () => new DecayAccumulator(k, column, TIME_COLUMN, halfLifeMs),
      )
      return (addresses, n, { values, validity }) => {
        k.finishDecayF64(addresses, n, at, values)
        if (validity !== 0) k.fieldAbove(addresses, n, at + DECAY_WEIGHT, 0, validity)
      }
    }
    case 'emaAlpha': {
      const [alpha] = parameters as [number]
      const { at } = fields.share(`ema ${column} ${alpha}`, () => new EmaAccumulator(k, column, alpha))
      return (addresses, n, { values, validity }) => {
        k.takeField8(addresses, n, at + EMA_VALUE, values)
        if (validity !== 0) k.fieldAbove(addresses, n, at + EMA_COUNT, 0, validity)
      }
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
function whereAny(fields: RecordFields, call: AggregateCall, finish: Finish): Finish {
  const countAt = fields.countAt(call)
  const { kernels } = fields.frame
  return (addresses, n, target, ids) => {
    finish(addresses, n, target, ids)
    if (target.validity !== 0) kernels.fieldAbove(addresses, n, countAt, 0, target.validity)
  }
}

/** Offset of the field with the least or greatest value. */
function extremeAt(fields: RecordFields, { column, input }: AggregateCall, which: 'min' | 'max'): number {
  const { kernels } = fields.frame
  if (input.name === 'i64')
    return fields.share(`${which} i64 ${column}`, () => new ExtremeI64Accumulator(kernels, column, which)).at
  const { accumulator, at } = fields.f64(column)
  return at + (which === 'min' ? accumulator.minAt : accumulator.maxAt)
}

const WIDE: ReadonlySet<TypeName> = new Set<TypeName>(['f64', 'timestamp', 'i64'])
