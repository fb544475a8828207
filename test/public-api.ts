import { join, relative } from 'node:path'
import ts from 'typescript'
import { ROOT } from './source-files.ts'

/** What users import from, and the file behind it. */
export const ENTRIES = {
  eventflux: 'src/index.ts',
  'eventflux/node': 'src/node/index.ts',
  'eventflux/exporters': 'src/exporters/index.ts',
  'eventflux/queues': 'src/queues/index.ts',
  'eventflux/threads': 'src/threads/index.ts',
  'eventflux/arrow': 'src/arrow/index.ts',
  'eventflux/web': 'src/web/index.ts',
  'eventflux/testing': 'src/testing/index.ts',
} as const
export type EntryName = keyof typeof ENTRIES

/** One name an entry exports. */
export interface PublicName {
  readonly name: string
  readonly kind: 'class' | 'function' | 'value' | 'type'
  /** The text of its doc comment, without tags. */
  readonly doc: string
  readonly hasExample: boolean
  readonly file: string
}

/** The compiler options of the project, with the entries resolved to their sources. */
export function compilerOptions(): ts.CompilerOptions {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT)
  const paths = Object.fromEntries(Object.entries(ENTRIES).map(([name, file]) => [name, [join(ROOT, file)]]))
  return { ...options, noEmit: true, paths }
}

/** The declaration of the binary's import, which the compiler must be told of. */
export const WASM_TYPES = join(ROOT, 'src/wasm/binary.d.ts')

/** What each entry exports, as the compiler sees it. */
export function publicApi(program: ts.Program): Record<EntryName, readonly PublicName[]> {
  const checker = program.getTypeChecker()
  const namesOf = (file: string): PublicName[] => {
    const module = checker.getSymbolAtLocation(program.getSourceFile(join(ROOT, file))!)!
    return checker.getExportsOfModule(module).map(symbol => {
      const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
      return {
        name: symbol.name,
        kind: kindOf(target),
        doc: ts.displayPartsToString(target.getDocumentationComment(checker)),
        hasExample: target.getJsDocTags(checker).some(tag => tag.name === 'example'),
        file: relative(ROOT, target.declarations![0]!.getSourceFile().fileName),
      }
    })
  }
  return Object.fromEntries(Object.entries(ENTRIES).map(([name, file]) => [name, namesOf(file)])) as never
}

function kindOf({ flags }: ts.Symbol): PublicName['kind'] {
  if (flags & ts.SymbolFlags.Class) return 'class'
  if (flags & ts.SymbolFlags.Function) return 'function'
  return flags & ts.SymbolFlags.Variable ? 'value' : 'type'
}
