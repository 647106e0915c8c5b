import type { Clock, Telemetry } from '../../ports/world.ts'
import { lineTelemetry } from '../world.ts'

/** The metrics' namespace; alarms and the dashboard look there. */
export const metricNamespace = 'Sallyport'

/**
 * Lines of JSON for CloudWatch Logs. Counts are in its embedded metric format (specification 0.4), so that they become
 * metrics of the function without a call; alarms and errors are log lines and count as `alarm{name}` and `error`.
 */
export function emfTelemetry(clock: Clock, functionName: string, write: (line: string) => void): Telemetry {
  const lines = lineTelemetry(clock, write)
  const count = (metric: string, labels: Readonly<Record<string, string>> = {}): void =>
    write(
      `${JSON.stringify({
        _aws: {
          Timestamp: clock.now(),
          CloudWatchMetrics: [
            {
              Namespace: metricNamespace,
              Dimensions: [['function', ...Object.keys(labels)]],
              Metrics: [{ Name: metric, Unit: 'Count' }],
            },
          ],
        },
        function: functionName,
        ...labels,
        [metric]: 1,
      })}\n`,
    )
  return {
    count,
    alarm(name, fields) {
      lines.alarm(name, fields)
      count('alarm', { name })
    },
    error(message, error, fields) {
      lines.error(message, error, fields)
      count('error')
    },
  }
}
