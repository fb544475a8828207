/** What an operator tells the job outside of a call from it. */
export interface StageListener {
  /** Something that was waited for has ended: `resume` may get further. */
  ready(): void
  /** The job can't go on. */
  failed(error: unknown): void
}
