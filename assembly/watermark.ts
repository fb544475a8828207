// The watermark of rows that came in by several inputs.

import { INPUT_RUN_BYTES, INPUT_RUN_END, INPUT_RUN_INPUT, INPUT_RUN_START } from './abi'

/** The least watermark of the inputs but one. */
// @ts-ignore: decorator
@inline
function leastBut(held: usize, inputs: usize, but: usize): f64 {
  let least: f64 = Infinity
  for (let i: usize = 0; i < inputs; i++) {
    const other = load<f64>(held + (i << 3))
    if (i != but && other < least) least = other
  }
  return least
}

export function mergeWatermarks(
  levels: usize,
  behind: f64,
  runs: usize,
  runCount: i32,
  own: usize,
  held: usize,
  inputs: i32,
  merged: f64,
  out: usize,
): f64 {
  let so = merged
  let row: usize = 0
  const endOfRuns = runs + <usize>runCount * INPUT_RUN_BYTES
  for (let run = runs; run < endOfRuns; run += INPUT_RUN_BYTES) {
    const start = <usize>load<u32>(run, INPUT_RUN_START)
    const end = <usize>load<u32>(run, INPUT_RUN_END)
    const input = <usize>load<u32>(run, INPUT_RUN_INPUT)
    const others = leastBut(held, <usize>inputs, input)
    let mine = load<f64>(own + (input << 3))
    for (; row < start; row++) store<f64>(out + (row << 3), so)
    for (; row < end; row++) {
      const led = load<f64>(levels + (row << 3)) - behind
      mine = led > mine ? led : mine
      const least = mine < others ? mine : others
      so = least > so && least < Infinity ? least : so
      store<f64>(out + (row << 3), so)
    }
    store<f64>(own + (input << 3), mine)
    store<f64>(held + (input << 3), mine)
  }
  return so
}
