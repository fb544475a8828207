const PRIME = 0x100000001b3n
const OFFSET = 0xcbf29ce484222325n

/**
 * 16 hexadecimal digits that tell one plan, step or schema from another (FNV-1a of its text). Of functions only the names
 * are seen.
 */
export function fingerprint(value: unknown): string {
  let hash = OFFSET
  for (const byte of new TextEncoder().encode(JSON.stringify(value, plainly) ?? ''))
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * PRIME)
  return hash.toString(16).padStart(16, '0')
}

/** What JSON would leave out or refuse, as text. */
function plainly(_name: string, value: unknown): unknown {
  if (typeof value === 'function') return `function ${value.name}`
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
  return Object.is(value, -0) ? '-0' : value
}
