import { EventQueue } from '../../src/runtime/event-queue.ts'
import { f64, i32, timestamp } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { bennySuite, type SuiteCase } from '../harness/benny-suite.ts'
import { check } from '../harness/check.ts'
import { freshCopy } from '../harness/fresh-copy.ts'
import { group } from '../harness/group.ts'
import { LatencySamples } from '../harness/latency.ts'
import { HandNumberRing, HandRing } from './hand-ring.ts'

/** Events a queue holds, and events pushed before as many are popped. */
const CAPACITY = 1_024
/** Fill-and-empty turns per measured call. */
const TURNS = 16
const AMOUNT = (CAPACITY * TURNS) / 1e6
const START_MS = 1_700_000_000_000

interface Queue<T> {
  tryPush(event: T): boolean
  tryPop(): T | undefined
}
interface Trade {
  readonly time: number
  readonly size: number
  readonly price: number
}

/** Pushes until it is full, pops until it is empty, again and again; adds up what came out. */
function turnNumbers(queue: Queue<number>, turns: number, capacity: number, startMs: number): number {
  let total = 0
  for (let turn = 0; turn < turns; turn++) {
    for (let i = 0; i < capacity; i++) queue.tryPush(startMs + i)
    for (let event = queue.tryPop(); event !== undefined; event = queue.tryPop()) total += event - startMs
  }
  return total
}

function turnTrades(queue: Queue<Trade>, turns: number, capacity: number, startMs: number): number {
  let total = 0
  for (let turn = 0; turn < turns; turn++) {
    for (let i = 0; i < capacity; i++) queue.tryPush({ time: startMs + i, size: i, price: i + 0.5 })
    for (let event = queue.tryPop(); event !== undefined; event = queue.tryPop()) total += event.price + event.size
  }
  return total
}

const NUMBERS_TOTAL = (TURNS * CAPACITY * (CAPACITY - 1)) / 2
const TRADES_TOTAL = TURNS * (CAPACITY * (CAPACITY - 1) + CAPACITY / 2)

/** First in, first out; one too many is refused; empty gives undefined. */
function checkQueue<T>(name: string, queue: Queue<T>, event: (i: number) => T, fieldOf: (event: T) => number): void {
  for (let i = 0; i < CAPACITY; i++) check(queue.tryPush(event(i)), `${name} is full at ${i}`)
  check(!queue.tryPush(event(0)), `${name} takes more than its capacity`)
  for (let i = 0; i < CAPACITY; i++) {
    const got = queue.tryPop()
    check(got !== undefined && fieldOf(got) === fieldOf(event(i)), `${name} gives ${fieldOf(got!)} as number ${i}`)
  }
  check(queue.tryPop() === undefined, `${name} isn't empty`)
}

/** An array as a bounded queue. */
function arrayQueue<T>(): Queue<T> {
  const list: T[] = []
  return {
    tryPush: event => list.length < CAPACITY && list.push(event) > 0,
    tryPop: () => list.shift(),
  }
}

const number = (i: number): number => START_MS + i
const trade = (i: number): Trade => ({ time: START_MS + i, size: i, price: i + 0.5 })
const priceOf = ({ price }: Trade): number => price

function numberCase(name: string, queue: Queue<number>, rest: Omit<SuiteCase, 'name' | 'run'>): SuiteCase {
  checkQueue(name, queue, number, event => event)
  const turn = freshCopy(turnNumbers)
  const run = () => turn(queue, TURNS, CAPACITY, START_MS)
  check(run() === NUMBERS_TOTAL, `the sum through ${name}`)
  return { name, run, ...rest }
}

function tradeCase(name: string, queue: Queue<Trade>, rest: Omit<SuiteCase, 'name' | 'run'>): SuiteCase {
  checkQueue(name, queue, trade, priceOf)
  const turn = freshCopy(turnTrades)
  const run = () => turn(queue, TURNS, CAPACITY, START_MS)
  check(run() === TRADES_TOTAL, `the sum through ${name}`)
  return { name, run, ...rest }
}

const baseline = 'hand-written ring'
const description = `fill ${CAPACITY}, empty ${CAPACITY}: one tryPush and one tryPop an event, one thread`

group('numbers', description, async ({ quick, record }) => {
  const cases = [
    numberCase(baseline, new HandNumberRing(CAPACITY), {}),
    numberCase('array push and shift', arrayQueue(), { baseline }),
    numberCase('EventQueue.numbers', EventQueue.numbers(CAPACITY), {
      baseline,
      targets: [{ of: 'value', atLeast: 30 }],
    }),
  ]
  record(await bennySuite('numbers', cases, { amount: AMOUNT, unit: 'M events/s', quick }))
})

group('three-field-objects', `${description}; a new object each`, async ({ quick, record }) => {
  const cases = [
    tradeCase(baseline, new HandRing<Trade>(CAPACITY), {}),
    tradeCase('array push and shift', arrayQueue(), { baseline }),
    tradeCase('EventQueue', new EventQueue<Trade>(CAPACITY), { baseline, targets: [{ of: 'value', atLeast: 10 }] }),
  ]
  record(await bennySuite('objects', cases, { amount: AMOUNT, unit: 'M events/s', quick }))
})

group('three-field-rows', `${description}; kept in columns: checked, copied in, made anew`, async context => {
  const { quick, record } = context
  const trades = schema({ time: timestamp(), size: i32(), price: f64() })
  const cases = [
    tradeCase(baseline, new HandRing<Trade>(CAPACITY), {}),
    tradeCase('EventQueue.rows', EventQueue.rows(trades, { capacity: CAPACITY }), {
      baseline,
      targets: [{ of: 'value', atLeast: 10 }],
    }),
  ]
  record(await bennySuite('rows', cases, { amount: AMOUNT, unit: 'M events/s', quick }))
})

group('batch-latency', `${CAPACITY} tryPush, then ${CAPACITY} tryPop: how long such a batch takes`, async context => {
  const batches = context.quick ? 500 : 50_000
  const measure = <T>(
    name: string,
    queue: Queue<T>,
    turns: (queue: Queue<T>, turns: number, capacity: number, startMs: number) => number,
  ): void => {
    const turn = freshCopy(turns)
    const expected = turn(queue, 1, CAPACITY, START_MS)
    const samples = new LatencySamples(batches)
    for (let i = 0; i < batches; i++) {
      const startMs = performance.now()
      const total = turn(queue, 1, CAPACITY, START_MS)
      samples.record(performance.now() - startMs)
      check(total === expected && total > 0, `the sum through ${name}`)
    }
    context.recordLatencies([samples.figure(name, batches / 5)])
  }
  measure('hand-written ring, numbers', new HandNumberRing(CAPACITY), turnNumbers)
  measure('array, numbers', arrayQueue<number>(), turnNumbers)
  measure('EventQueue.numbers', EventQueue.numbers(CAPACITY), turnNumbers)
  measure('hand-written ring, objects', new HandRing<Trade>(CAPACITY), turnTrades)
  measure('array, objects', arrayQueue<Trade>(), turnTrades)
  measure('EventQueue, objects', new EventQueue<Trade>(CAPACITY), turnTrades)
})
