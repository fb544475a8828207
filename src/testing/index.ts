/**
 * What helps to test programs that use the library: time that moves when told to, stories of pipelines, recordings of what
 * came into a job, and what every source and sink must do.
 *
 * @module eventflux/testing
 */

export { VirtualClock } from '../time/virtual-clock.ts'
export type { ConformanceCase } from './conformance-case.ts'
export { type HarnessOptions, type HarnessReport, verifyPipeline } from './operator-harness.ts'
export type { ExpectedRow, PipelineStory } from './pipeline-story.ts'
export { type RecordedInput, type Recorder, record } from './record.ts'
export { type Replayed, type ReplayOptions, replay } from './replay.ts'
export { type SinkSubject, sinkConformance } from './sink-conformance.ts'
export { type SourceSubject, sourceConformance } from './source-conformance.ts'
export { type StoreSubject, storeConformance } from './store-conformance.ts'
export { near, type TestPipelineOptions, testPipeline } from './test-pipeline.ts'
export { type ProcessorSubject, verifyProcessor } from './verify-processor.ts'
