/**
 * Pipelines, and all they are made of: schemas, expressions, windows, aggregates, sources, sinks, checkpoints, metrics.
 *
 * @module eventflux
 */

// What is kept
export type {
  ArchiveOptions,
  LoadOptions,
  SavedCheckpoint,
  SkippedCheckpoint,
} from './checkpoint/checkpoint-archive.ts'
export type { DecodedCheckpoint, Section, StoredSection } from './checkpoint/checkpoint-format.ts'
export type { CheckpointStore } from './checkpoint/checkpoint-store.ts'
export { decodeCheckpoint } from './checkpoint/decode-checkpoint.ts'
export { encodeCheckpoint } from './checkpoint/encode-checkpoint.ts'
export { type CheckpointReport, inspectCheckpoint, type SectionReport } from './checkpoint/inspect-checkpoint.ts'
export { type KeyValueClient, type KeyValueStoreOptions, keyValueStore } from './checkpoint/key-value-store.ts'
export { memoryStore } from './checkpoint/memory-store.ts'
export type { RestoreTolerance } from './checkpoint/named-state.ts'
export type { MigratedCheckpoint, RestoredCheckpoint, RestoreOptions } from './checkpoint/restore.ts'
export { StateManager, type StateManagerOptions } from './checkpoint/state-manager.ts'
export { StateReader } from './checkpoint/state-reader.ts'
export { StateWriter } from './checkpoint/state-writer.ts'
export { bytesOfState, type Stateful, sizeOfState } from './checkpoint/stateful.ts'
export { type ByteInput, csvSource, ndjsonSource } from './connector/byte-source.ts'
export { type CsvDecoderOptions, csvDecoder } from './connector/csv-decoder.ts'
export { encodeCsv, encodeCsvHeader } from './connector/csv-encoder.ts'
export type { Decoder, DecoderOptions } from './connector/decoder.ts'
// What connects
export type { DeadLetterSink, ErrorPolicy, FailedRow } from './connector/error-policy.ts'
export { interval } from './connector/interval-source.ts'
export { fromEventTarget } from './connector/listener-source.ts'
export { ndjsonDecoder } from './connector/ndjson-decoder.ts'
export { encodeNdjson } from './connector/ndjson-encoder.ts'
export {
  fromObservable,
  type ObservableLike,
  type ObservableObserver,
  type RowObservable,
  toObservable,
} from './connector/observable.ts'
export type { Emit, Processor, ProcessorContext } from './connector/processor.ts'
export { ProcessorChain, type ProcessorChainOptions } from './connector/processor-chain.ts'
export { type RowId, type Sink, SinkError, type SinkHandler, type TransactionalSink } from './connector/sink.ts'
export type { Source, SourceHandler, SourceIntake, SourceMetadata, SourcePosition } from './connector/source.ts'
export { csvSink, ndjsonSink } from './connector/text-sink.ts'
export { type SinkLike, toSink } from './connector/to-sink.ts'
export { type SourceLike, toSource } from './connector/to-source.ts'
// What the user writes
export { EventfluxError, type EventfluxErrorCode } from './errors.ts'
export type {
  AggregateDefinition,
  ReturnTypeName,
  TypedAggregateDefinition,
} from './expression/aggregate-definition.ts'
export {
  avg,
  count,
  countIf,
  first,
  last,
  max,
  min,
  stdDev,
  stdDevSample,
  sum,
  variance,
  varianceSample,
} from './expression/aggregates.ts'
export { delta, type EmaOptions, ema, rate } from './expression/change-aggregates.ts'
export {
  argMax,
  argMin,
  boolAnd,
  boolOr,
  bottomK,
  collect,
  collectSet,
  maxForever,
  minForever,
  topK,
} from './expression/choice-aggregates.ts'
export {
  approxDistinct,
  distinctCount,
  median,
  type PercentileOptions,
  percentile,
} from './expression/distribution-aggregates.ts'
export type {
  BigIntExpression,
  BooleanExpression,
  Expression,
  NumberExpression,
  ObjectExpression,
  StringExpression,
  TimestampExpression,
} from './expression/expression.ts'
export { and, coalesce, greatest, ifElse, least, lit, not, or, when } from './expression/functions.ts'
export { asc, desc, type Ordering } from './expression/ordering.ts'
export { aggregateOf } from './expression/user-aggregate.ts'
export { type FunctionOptions, functionOf } from './expression/user-function.ts'
// What runs
export { Job, type JobState, type JobSummary } from './job.ts'
export type { CreateRuntime, Runtime, RuntimeInfo, RuntimeOptions, WebWorker } from './kernels/create-runtime.ts'
export type { ColumnBlock, ColumnValues } from './memory/column-input.ts'
export type { LendableColumns, LendableSize } from './memory/lendable-columns.ts'
// What is measured
export { Histogram } from './metrics/histogram.ts'
export type { MetricsSnapshot } from './metrics/metrics-snapshot.ts'
export { PipelineMetrics, type PipelineMetricsOptions } from './metrics/pipeline-metrics.ts'
export type { PressureEvent } from './metrics/pressure-monitor.ts'
export { type Recommendation, recommend } from './metrics/recommend.ts'
export { createRuntime, pipeline, pipelineFromJSON } from './packaged.ts'
export type { EventTimeOptions } from './pipeline/event-time-step.ts'
export type { PipelineFromJSON, PipelineFromJSONOptions } from './pipeline/from-json.ts'
export type { OutputRate } from './pipeline/output-step.ts'
export { ParallelPipeline, ProcessingStage } from './pipeline/parallel-pipeline.ts'
export type { StartPipeline } from './pipeline/start-pipeline.ts'
export type { LimitOptions, RowOrdering, TopOptions } from './pipeline/window-order-step.ts'
export {
  KeyedPipeline,
  Pipeline,
  RowWindowedPipeline,
  WindowedPipeline,
} from './pipeline.ts'
export type { BackpressureStrategy } from './plan/backpressure-strategy.ts'
export type { PipelineConfig } from './plan/config.ts'
export type { LinkOptions, LinkStrategy } from './plan/link-options.ts'
export type { LogicalPlan } from './plan/logical-node.ts'
export type { OutputKind } from './plan/output-rate.ts'
export type { ResultOrder } from './plan/total-order.ts'
export {
  type BoundedOutOfOrderness,
  boundedOutOfOrderness,
  monotonous,
  type PhysicalWatermarks,
  type Punctuated,
  physical,
  punctuated,
  type WatermarkExpression,
  type WatermarkStrategy,
} from './plan/watermarks.ts'
export type { PushOptions } from './runtime/admission/admission.ts'
export type { GrowthWarning } from './runtime/admission/admission-store.ts'
export type { BatchRejected, BatchResult, PushResult, Rejected } from './runtime/admission/push-result.ts'
export type { JobCheckpoint } from './runtime/checkpoint-coordinator.ts'
export type { CheckpointOptions, CheckpointPace, RestoreFrom } from './runtime/checkpoint-options.ts'
// The parts that stand alone
export { EventPool, type EventPoolOptions, type EventPoolStats } from './runtime/event-pool.ts'
export { EventQueue, type EventQueueOptions, type EventQueueStats } from './runtime/event-queue.ts'
export type { InputPosition } from './runtime/job-inputs.ts'
export type { JobMode } from './runtime/job-mode.ts'
export type { RestoredJob } from './runtime/job-recovery.ts'
export type { LendOptions } from './runtime/loan.ts'
export type { ColumnArray, ResultBatch } from './runtime/result-batch.ts'
export type { RestartPolicy, RunOptions } from './runtime/run-options.ts'
export { type StreamSource, type StreamSourceOptions, streamSource } from './runtime/stream-source.ts'
export {
  bool,
  type DataType,
  f32,
  f64,
  i32,
  i64,
  type ObjectType,
  type StoredTypeName,
  type TypeName,
  timestamp,
  u32,
  utf8,
} from './schema/data-type.ts'
export type { InsertRow, ResultRow } from './schema/row-types.ts'
export { type Field, Schema, type SchemaFields, schema } from './schema/schema.ts'
export { throughStream, toReadableStream } from './through-stream.ts'
export type { AlignedOptions, HoppingOptions } from './time/aligned-windows.ts'
export {
  type CalendarOptions,
  type CalendarSpec,
  type CalendarUnit,
  calendar,
  type Weekday,
} from './time/calendar-windows.ts'
export { type Clock, systemClock } from './time/clock.ts'
export { type Duration, durationMs } from './time/duration.ts'
export type { Early } from './time/early.ts'
export { EventDrivenClock, type EventDrivenClockOptions } from './time/event-driven-clock.ts'
export { type GlobalOptions, type GlobalSpec, globalWindow } from './time/global-windows.ts'
export type { Firing, LatenessOptions } from './time/lateness.ts'
export type { RowWindowSpec } from './time/row-windows.ts'
export { session, slidingPerEvent } from './time/session-windows.ts'
export {
  everyInterval,
  everyRows,
  onDelta,
  type Trigger,
  type TriggerResult,
  type TriggerSpec,
  type TriggerTime,
} from './time/triggers.ts'
// Windows over rows, by count and by clock
export { delay } from './time/window-kinds/delay.ts'
export { externalTime } from './time/window-kinds/external-time.ts'
export { externalTimeBatch } from './time/window-kinds/external-time-batch.ts'
export { hoppingCount } from './time/window-kinds/hopping-count.ts'
export { length } from './time/window-kinds/length.ts'
export { lengthBatch } from './time/window-kinds/length-batch.ts'
export type { BatchRows, WindowOutput } from './time/window-kinds/parameters.ts'
export { sort } from './time/window-kinds/sort.ts'
export { time } from './time/window-kinds/time.ts'
export { timeBatch } from './time/window-kinds/time-batch.ts'
export { timeLength } from './time/window-kinds/time-length.ts'
export { unique } from './time/window-kinds/unique.ts'
export { cumulate, hopping, tumbling, type WindowSpec } from './time/windows.ts'
export type { ModuleOrBytes } from './wasm/kernel-module.ts'
export type { ModuleInput } from './wasm/module-input.ts'
export type { ThreadSupport } from './wasm/thread-support.ts'
