import { describe, test } from 'vitest'
import { type SinkSubject, sinkConformance } from '../../src/testing/sink-conformance.ts'
import { type SourceSubject, sourceConformance } from '../../src/testing/source-conformance.ts'

/** What every source must do, whatever it is made of. */
export function describeSource<E>(name: string, subject: SourceSubject<E>): void {
  describe(`${name}, as a source`, () => {
    for (const { name, run } of sourceConformance(subject)) test(name, run)
  })
}

/** What every sink must do, whatever it is made of. */
export function describeSink<R>(name: string, subject: SinkSubject<R>): void {
  describe(`${name}, as a sink`, () => {
    for (const { name, run } of sinkConformance(subject)) test(name, run)
  })
}
