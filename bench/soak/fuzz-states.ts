// npm run fuzz:states [-- --states 3000] [--first 0] [--plan 'NAME']
//
// Has states restored that a faulty or hostile writer could have written: sections of real checkpoints, framed as they should
// be, with numbers, codes, texts and lengths in them that are others. Each ends in a typed error or goes on, on both engines
// alike, in time, and with no more memory than twice its bytes. It tells the plan and the number of the first that doesn't.

import { fork } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { KernelModule } from '../../src/wasm/kernel-module.ts'
import { StateFuzz } from './fuzz/state-fuzz.ts'
import { hasFunctions, STATEFUL } from './fuzz/stateful-plans.ts'

/** One that takes longer than this, in milliseconds, never ends. */
const HANG_MS = 30_000

const { values: options } = parseArgs({
  options: {
    states: { type: 'string', default: '3000' },
    first: { type: 'string', default: '0' },
    plan: { type: 'string' },
  },
})
const first = Number(options.first)
const plans = Object.entries(STATEFUL).filter(([name]) => options.plan === undefined || name === options.plan)

if (process.send === undefined) watch()
else fuzz(at => process.send!(at))

function fuzz(tell: (at: string) => void): void {
  const kernels = new KernelModule(() => readFileSync(new URL('../../build/plain.wasm', import.meta.url)))
  for (const [name, { plan }] of plans) {
    const states = new StateFuzz(plan, kernels, hasFunctions(name))
    for (let seed = first; seed < first + Number(options.states); seed++) {
      tell(`${name}, state ${seed}`)
      try {
        states.try(seed)
      } catch (cause) {
        throw new Error(`${name}, state ${seed}: ${(cause as Error).message}`, { cause })
      }
    }
    console.log(name, JSON.stringify(states.report))
  }
  process.disconnect()
}

/** Has another process do it, and ends that one when it no longer gets on. */
function watch(): void {
  const child = fork(fileURLToPath(import.meta.url), process.argv.slice(2))
  let [last, movedMs] = ['', performance.now()]
  child.on('message', (at: string) => {
    last = at
    movedMs = performance.now()
  })
  const watching = setInterval(() => {
    if (performance.now() - movedMs < HANG_MS) return
    console.error(`${last}: does not end`)
    child.kill('SIGKILL')
  }, 1_000)
  child.on('exit', code => {
    clearInterval(watching)
    process.exitCode = code ?? 1
  })
}
