/** The kernel that copies the rows of a selection together, by the bytes of a value. */
export const TAKE = { 1: 'take1', 4: 'take4', 8: 'take8' } as const
