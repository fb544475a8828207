/** The events the program pushes. */
export function events(): { time: number; key: string; value: number }[]
