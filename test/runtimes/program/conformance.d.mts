/** The events the program pushes. */
export function events(): { time: number; key: string; value: number }[]
/** How many of them stand before the checkpoint. */
export const CUT: number
