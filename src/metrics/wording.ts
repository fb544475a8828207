/** 1234567 → '1,234,567'; the same everywhere, whatever the locale. */
export function countText(n: number): string {
  if (!Number.isFinite(n)) return String(n)
  return String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** 0.923 → '92 %'; a share that is not quite all or nothing is not shown as such. */
export function shareText(share: number): string {
  if (share > 0 && share < 0.01) return 'under 1 %'
  if (share > 0.99 && share < 1) return 'over 99 %'
  return `${Math.round(share * 100)} %`
}

/** 41_000_000 → '41 ms': the unit that fits, about three digits. */
export function durationText(ns: number): string {
  if (ns < 1e3) return `${digits(ns)} ns`
  if (ns < 1e6) return `${digits(ns / 1e3)} µs`
  if (ns < 1e9) return `${digits(ns / 1e6)} ms`
  if (ns < 120e9) return `${digits(ns / 1e9)} s`
  return `${digits(ns / 60e9)} min`
}

/** 1, '1 row'; 2, '2 rows'. */
export function rowsText(n: number): string {
  return Math.round(n) === 1 ? '1 row' : `${countText(n)} rows`
}

function digits(n: number): string {
  return n >= 99.5 ? countText(n) : String(Number(n.toPrecision(2)))
}
