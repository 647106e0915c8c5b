/** The lines that become metrics, by the specification of CloudWatch's embedded metric format. */
import { expect, test } from 'vitest'
import { emfTelemetry } from '../../../shared/adapters/aws/emf-telemetry.ts'

const clock = { now: () => 1_795_573_744_382, sleep: async () => undefined }

function written(act: (telemetry: ReturnType<typeof emfTelemetry>) => void): Record<string, unknown>[] {
  const lines: string[] = []
  act(emfTelemetry(clock, 'Sallyport-Gate', line => lines.push(line)))
  for (const line of lines) expect(line).toMatch(/^[^\n]*\n$/)
  return lines.map(line => JSON.parse(line))
}

test('a count is a metric of its function, its labels the other dimensions', () => {
  expect(written(telemetry => telemetry.count('refusal', { code: 'grant_revoked' }))).toEqual([
    {
      _aws: {
        Timestamp: 1_795_573_744_382,
        CloudWatchMetrics: [
          {
            Namespace: 'Sallyport',
            Dimensions: [['function', 'code']],
            Metrics: [{ Name: 'refusal', Unit: 'Count' }],
          },
        ],
      },
      function: 'Sallyport-Gate',
      code: 'grant_revoked',
      refusal: 1,
    },
  ])
})

test('an alarm is a line for people and a metric for an alarm, by its name', () => {
  const [line, metric] = written(telemetry => telemetry.alarm('overrun', { entry: 'entry_1', charge: 9 }))
  expect(line).toMatchObject({ level: 'alarm', name: 'overrun', fields: { entry: 'entry_1', charge: 9 } })
  expect(metric).toMatchObject({ function: 'Sallyport-Gate', name: 'overrun', alarm: 1 })
})

test('an error tells names, messages and places, nothing that was sent, and counts', () => {
  const error = Object.assign(new Error('it broke'), { body: 'secret' })
  const [line, metric] = written(telemetry => telemetry.error('the store did not answer', error))
  expect(line).toMatchObject({
    level: 'error',
    message: 'the store did not answer',
    error: { message: 'it broke' },
  })
  expect(JSON.stringify(line)).not.toContain('secret')
  expect(metric).toMatchObject({ error: 1 })
})
