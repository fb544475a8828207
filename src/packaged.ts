// What starts from the kernels and threads an entry brings along. The build makes this file once per entry, each with
// another of wasm/packaged/, and without threads where there are none (tsup.config.ts); everything else of the package is
// shared between the entries.

import { type CreateRuntime, createRuntimeOn } from './kernels/create-runtime.ts'
import { type PipelineFromJSON, pipelineFromJSONOn } from './pipeline/from-json.ts'
import { pipelineOn, type StartPipeline } from './pipeline/start-pipeline.ts'
import { openWorkers } from './threads/open-workers.ts'
import { kernels } from './wasm/packaged/inline.ts'

/**
 * Compiles the kernels and finds out what may run here: which engine, and why; whether threads would share memory. Jobs
 * run on it with `run({ runtime })`. Without it they run on the kernels the entry brings along, compiled at the first
 * `run`.
 *
 * @throws EventfluxError `ENGINE_UNAVAILABLE` when `engine: 'wasm'` can't run here, and when the module doesn't arrive;
 * `OPTION_INVALID` when it isn't the kernels of this version.
 *
 * @example
 * ```ts
 * const runtime = await createRuntime({ module: fetch('/assets/plain.wasm') })
 * if (runtime.info.engine === 'js') console.warn(runtime.info.fallbackReason)
 * const job = await highs.run({ runtime })
 * ```
 */
export const createRuntime: CreateRuntime = /* @__PURE__ */ createRuntimeOn(kernels)

/**
 * Starts a pipeline over events of a schema.
 *
 * @throws EventfluxError `OPTION_INVALID` for an option out of its range.
 *
 * @example
 * ```ts
 * const trades = schema({ time: timestamp(), symbol: utf8(), price: f64() })
 * const highs = pipeline(trades)
 *   .eventTime('time', { outOfOrdernessMs: 500 })
 *   .keyBy('symbol')
 *   .window(tumbling('1m'))
 *   .aggregate(e => ({ high: max(e.price) }))
 * ```
 */
export const pipeline: StartPipeline = /* @__PURE__ */ pipelineOn({ kernels, openWorkers })

/**
 * A pipeline from its plan as data, of any origin: everything in it is checked. Its first argument is what `toJSON()`
 * gave, or its text.
 *
 * @throws EventfluxError `PLAN_INVALID`, or the code of the part that is wrong (`EXPRESSION_INVALID`, …).
 *
 * @example
 * ```ts
 * const text = JSON.stringify(highs)
 * const again = pipelineFromJSON(text)
 * const job = await again.run({ sink: row => console.log(row) })
 * ```
 */
export const pipelineFromJSON: PipelineFromJSON = /* @__PURE__ */ pipelineFromJSONOn({ kernels, openWorkers })
