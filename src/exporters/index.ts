/**
 * Metrics for others: OpenMetrics text, prom-client, OpenTelemetry.
 *
 * @module eventflux/exporters
 */

export type { Measured, MeasuredJobs } from './measured.ts'
export { OPENMETRICS_CONTENT_TYPE, openMetricsText } from './openmetrics.ts'
export { type OtelMeter, observeWithOpenTelemetry } from './opentelemetry.ts'
export { type PromRegistry, registerWithPromClient } from './prom-client.ts'
