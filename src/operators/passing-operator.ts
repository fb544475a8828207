import type { CodeMarker, Dictionary } from '../memory/dictionary.ts'
import type { RecordBatch } from '../memory/record-batch.ts'
import type { Operator } from './operator.ts'

/** An operator that has something to do with batches only: it keeps no rows and no time, so all else is asked of the next. */
export abstract class PassingOperator implements Operator {
  abstract readonly name: string
  protected abstract readonly next: Operator

  abstract process(batch: RecordBatch): boolean

  advanceWatermark(watermark: number): boolean {
    return this.next.advanceWatermark(watermark)
  }

  nextFiring(): number {
    return this.next.nextFiring()
  }

  resume(): boolean {
    return this.next.resume()
  }

  markCodes(dictionary: Dictionary, mark: Parameters<CodeMarker>[0]): void {
    this.next.markCodes(dictionary, mark)
  }

  close(): void {
    this.next.close()
  }
}
