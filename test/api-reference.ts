import { join } from 'node:path'
import { Application, Converter, Logger, LogLevel, TSConfigReader, TypeDocReader } from 'typedoc'
import type ts from 'typescript'
import { ROOT } from './source-files.ts'

/** What `npm run docs:api` makes. */
export interface ApiReference {
  /** The library as the compiler sees it. */
  readonly program: ts.Program
  /** What there is to say against it: a link to what isn't public, a parameter that isn't there. */
  readonly complaints: readonly string[]
}

/** Makes the reference in a folder. Types are not its to check. */
export async function makeApiReference(folder: string): Promise<ApiReference> {
  const complaints: string[] = []
  const options = { options: join(ROOT, 'typedoc.json'), out: folder }
  const app = await Application.bootstrapWithPlugins(options, [new TypeDocReader(), new TSConfigReader()])
  app.logger = new (class extends Logger {
    override log(message: string, level: LogLevel): void {
      super.log(message, level)
      if (level >= LogLevel.Warn) complaints.push(message)
    }
  })()
  let program: ts.Program | undefined
  app.converter.on(Converter.EVENT_BEGIN, ({ programs }) => {
    program = programs[0]
  })
  const project = (await app.convert())!
  app.validate(project)
  await app.generateOutputs(project)
  return { program: program!, complaints }
}
