import { format } from 'node:util'
import * as flechette from '@uwdata/flechette'
import * as apacheArrow from 'apache-arrow'
import * as rxjs from 'rxjs'
import ts from 'typescript'
import * as arrow from '../../src/arrow/index.ts'
import * as exporters from '../../src/exporters/index.ts'
import * as eventflux from '../../src/index.ts'
import { createRuntimeOn } from '../../src/kernels/create-runtime.ts'
import * as node from '../../src/node/index.ts'
import { pipelineOn } from '../../src/pipeline/start-pipeline.ts'
import * as queues from '../../src/queues/index.ts'
import * as testing from '../../src/testing/index.ts'
import * as threads from '../../src/threads/index.ts'
import * as web from '../../src/web/index.ts'
import type { Snippet } from './snippets.ts'

const modules: Readonly<Record<string, unknown>> = {
  '@uwdata/flechette': flechette,
  'apache-arrow': apacheArrow,
  rxjs,
  eventflux,
  'eventflux/slim': {
    ...eventflux,
    createRuntime: createRuntimeOn(undefined),
    pipeline: pipelineOn({ kernels: undefined, openWorkers: undefined }),
  },
  'eventflux/node': node,
  'eventflux/exporters': exporters,
  'eventflux/queues': queues,
  'eventflux/threads': threads,
  'eventflux/arrow': arrow,
  'eventflux/web': web,
  'eventflux/testing': testing,
}

/** Runs a snippet and gives what it printed with `console.log`, as a terminal without colours shows it. */
export async function printedBy({ code }: Snippet): Promise<string> {
  const { outputText } = ts.transpileModule(code, {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
  })
  let printed = ''
  const log = (...values: unknown[]): void => {
    printed += `${format(...values)}\n`
  }
  const require = (name: string): unknown => {
    if (Object.hasOwn(modules, name)) return modules[name]
    throw new Error(`A snippet imports ${name}, which is neither the library nor one of those it works with`)
  }
  // An asynchronous function, for the `await` at the top of snippets.
  const AsyncFunction = (async () => {}).constructor as FunctionConstructor
  await new AsyncFunction('require', 'exports', 'console', outputText)(require, {}, { ...console, log })
  return printed
}
