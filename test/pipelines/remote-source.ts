import type { Source, SourceIntake } from '../../src/connector/source.ts'

/** A source that gives what it is told to, until it is told to end. */
export class RemoteSource implements Source {
  readonly metadata = { name: 'remote', kind: 'remote', replayable: false, bounded: true }
  intake!: SourceIntake
  end: () => void = () => {}

  run(intake: SourceIntake): Promise<void> {
    this.intake = intake
    return new Promise(resolve => {
      this.end = resolve
      intake.signal.addEventListener('abort', () => resolve(), { once: true })
    })
  }
}
