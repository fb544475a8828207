import { join } from 'node:path'
import ts from 'typescript'
import type { Snippet } from './snippets.ts'

/**
 * What the compiler says about snippets, each a module of its own, under the project's options. Only `eventflux` and its
 * entries can be imported, as users would.
 *
 * @param library A program whose files need not be read again.
 */
export function typeErrorsOf(root: string, snippets: readonly Snippet[], library?: ts.Program): string[] {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: ['src/index.ts'] }, ts.sys, root)
  const files = new Map(snippets.map((snippet, i) => [join(root, 'docs', `snippet-${i}.ts`), snippet]))
  const unused = { noUnusedLocals: false, noUnusedParameters: false }
  const compilerOptions: ts.CompilerOptions = {
    ...options,
    ...unused,
    baseUrl: root,
    paths: { eventflux: ['src/index.ts'], 'eventflux/*': ['src/*/index.ts'] },
    moduleDetection: ts.ModuleDetectionKind.Force,
  }
  const host = ts.createCompilerHost(compilerOptions)
  const { getSourceFile, fileExists, readFile } = host
  host.fileExists = name => files.has(name) || fileExists.call(host, name)
  host.readFile = name => files.get(name)?.code ?? readFile.call(host, name)
  host.getSourceFile = (name, ...rest) => {
    const snippet = files.get(name)
    return snippet
      ? ts.createSourceFile(name, snippet.code, compilerOptions.target ?? ts.ScriptTarget.ES2022)
      : (library?.getSourceFile(name) ?? getSourceFile.call(host, name, ...rest))
  }
  // The declaration of the bundled binary is no module that anyone imports by name.
  const ambient = join(root, 'src/wasm/binary.d.ts')
  const program = ts.createProgram([...files.keys(), ambient], compilerOptions, host)
  return [...files].flatMap(([name, { at }]) => {
    const file = program.getSourceFile(name)!
    return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map(
      ({ messageText }) => `${at}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
    )
  })
}
