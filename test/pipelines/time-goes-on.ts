interface TimedRow {
  readonly time: number
  readonly stamp?: number | null
}

/** A schedule whose events get later by `stepMs` from command to command, and what stands in them of a watermark with them. */
export const timeGoesOn = <C extends { readonly do: string; readonly rows?: readonly TimedRow[] }>(
  schedule: readonly C[],
  stepMs: number,
): C[] =>
  schedule.map((command, i) =>
    command.rows === undefined ? command : { ...command, rows: command.rows.map(row => later(row, i * stepMs)) },
  )

const later = (row: TimedRow, ms: number): TimedRow => ({
  ...row,
  time: row.time + ms,
  ...(row.stamp && { stamp: row.stamp + ms }),
})
