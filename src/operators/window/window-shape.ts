import type { WindowSpec } from '../../time/windows.ts'
import type { InputColumn } from '../evaluator/evaluation-frame.ts'

/** What the state of a window hangs on, and nothing it doesn't. */
export function windowShape(window: WindowSpec, keys: readonly InputColumn[], aggregates: string): string {
  const types = keys.map(({ type }) => `${type.name}${type.isNullable ? '?' : ''}`)
  return `1 ${JSON.stringify({ ...window, lateTo: undefined })} by ${types.join(', ')}: ${aggregates}`
}
