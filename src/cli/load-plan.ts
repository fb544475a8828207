import { readFile } from 'node:fs/promises'
import { extname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Pipeline, type PipelineConfig, pipelineFromJSON } from 'eventflux'
import type { RunCommand } from './arguments.ts'
import { UsageError } from './usage-error.ts'

type PlanOptions = Pick<RunCommand, 'plan' | 'engine' | 'exportName' | 'allowModules' | 'metrics'>

/** Endings of files that are to be read by a plan. */
const DATA = new Set(['.csv', '.tsv', '.ndjson', '.jsonl', '.gz'])

/** The pipeline a command names. @throws UsageError when there is none. */
export async function loadPlan(options: PlanOptions): Promise<Pipeline> {
  const { engine, metrics } = options
  if (DATA.has(extname(options.plan.replace(/\.gz$/, ''))))
    throw new UsageError(`${options.plan} is data, not a plan: the plan comes first, eventflux run PLAN [FILE...]`)
  const config: PipelineConfig = { ...(engine ? { engine } : {}), ...(metrics ? { metrics: 'detailed' as const } : {}) }
  return extname(options.plan) === '.json' ? fromText(options, config) : fromModule(options, config)
}

async function fromText({ plan, allowModules }: PlanOptions, config: PipelineConfig): Promise<Pipeline> {
  let text: string
  try {
    text = await readFile(plan, 'utf8')
  } catch (error) {
    throw new UsageError(`the plan ${plan} can't be read: ${messageOf(error)}`)
  }
  try {
    return pipelineFromJSON(text, { allowModules, config })
  } catch (error) {
    throw new UsageError(`${plan} is not a plan: ${messageOf(error)}`)
  }
}

async function fromModule({ plan, engine, exportName }: PlanOptions, config: PipelineConfig): Promise<Pipeline> {
  let exports: Record<string, unknown>
  try {
    exports = (await import(pathToFileURL(resolve(plan)).href)) as Record<string, unknown>
  } catch (error) {
    throw new UsageError(`the plan ${plan} can't be loaded: ${messageOf(error)}`)
  }
  const names = exportName === undefined ? ['default', 'pipeline'] : [exportName]
  const name = names.find(candidate => Object.hasOwn(exports, candidate))
  if (name === undefined)
    throw new UsageError(`${plan} exports no ${names.join(' and no ')}; it has ${Object.keys(exports).join(', ')}`)
  const exported = exports[name]
  if (isPipeline(exported)) {
    if (engine !== undefined && exported.config.engine !== engine)
      throw new UsageError(
        `${plan} decides on the engine itself: export a function (config => pipeline(schema, config)…) to leave it open`,
      )
    return exported
  }
  const made = typeof exported === 'function' ? await exported(config) : undefined
  if (isPipeline(made)) return made
  throw new UsageError(`${name} of ${plan} is neither a pipeline nor a function that returns one`)
}

/** A pipeline of whichever copy of the library the module imports. */
const isPipeline = (value: unknown): value is Pipeline =>
  typeof value === 'object' &&
  value !== null &&
  'plan' in value &&
  'outputSchema' in value &&
  'run' in value &&
  typeof value.run === 'function'

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
