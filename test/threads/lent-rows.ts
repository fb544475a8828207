import { FrameRing } from '../../src/threads/frame-ring.ts'
import { FRAME } from '../../src/threads/frames.ts'

/** How many rows went to workers as they stood, while something is done. */
export async function lentRows(action: () => Promise<unknown>): Promise<number> {
  const { publish } = FrameRing.prototype
  let rows = 0
  FrameRing.prototype.publish = function (kind, a, b) {
    if (kind === FRAME.lent) rows += b
    publish.call(this, kind, a, b)
  }
  try {
    await action()
  } finally {
    FrameRing.prototype.publish = publish
  }
  return rows
}
