import { expect, it } from 'vitest'
import { StateFuzz } from '../../bench/soak/fuzz/state-fuzz.ts'
import { hasFunctions, STATEFUL } from '../../bench/soak/fuzz/stateful-plans.ts'
import { kernels } from '../../src/wasm/packaged/inline.ts'
import { bounded } from '../bounded.ts'

it.each(Object.entries(STATEFUL))(
  'a state of %s that no job wrote is refused, or gone on from alike on both engines',
  (name, { plan }) => {
    const states = new StateFuzz(plan, kernels!, hasFunctions(name))
    for (let seed = 0; seed < bounded(10, 25); seed++) states.try(seed)
    const { refused, ended } = states.report
    // Some of each: neither are all stopped at the door, nor does anything go.
    expect(refused).toBeGreaterThan(bounded(1, 5))
    expect(ended).toBeGreaterThan(bounded(0, 3))
  },
)
