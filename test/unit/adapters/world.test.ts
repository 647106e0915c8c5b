import { afterEach, describe, expect, test, vi } from 'vitest'
import { lineTelemetry, systemClock, systemRandom } from '../../../shared/adapters/world.ts'

describe('the clock', () => {
  afterEach(() => {
    vi.useRealTimers()
  })

  test('sleeps as long as it was told, and leaves no timer', async () => {
    vi.useFakeTimers({ now: 1_000 })
    let woken = false
    const slept = systemClock.sleep(50).then(() => {
      woken = true
    })
    await vi.advanceTimersByTimeAsync(49)
    expect(woken).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    await slept
    expect(systemClock.now()).toBe(1_050)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('wakes early, without an error, when it is aborted; no timer and no listener stay', async () => {
    vi.useFakeTimers()
    const abort = new AbortController()
    const removed = vi.spyOn(abort.signal, 'removeEventListener')
    const slept = systemClock.sleep(60_000, abort.signal)
    abort.abort()
    await expect(slept).resolves.toBeUndefined()
    expect(vi.getTimerCount()).toBe(0)
    expect(removed).toHaveBeenCalledOnce()
  })

  test('does not sleep on a signal that is aborted already', async () => {
    vi.useFakeTimers()
    await systemClock.sleep(60_000, AbortSignal.abort())
    expect(vi.getTimerCount()).toBe(0)
  })

  test('takes its listener off a signal that outlives the sleep', async () => {
    const { signal } = new AbortController()
    const removed = vi.spyOn(signal, 'removeEventListener')
    await systemClock.sleep(1, signal)
    expect(removed).toHaveBeenCalledOnce()
  })
})

test('random bytes are as many as asked for, and not the same', () => {
  expect(systemRandom.bytes(32)).toHaveLength(32)
  expect(systemRandom.bytes(32)).not.toEqual(systemRandom.bytes(32))
})

describe('telemetry', () => {
  const recorded = () => {
    const lines: string[] = []
    const clock = { ...systemClock, now: () => 0 }
    return { lines, telemetry: lineTelemetry(clock, line => lines.push(line)) }
  }

  test('counts by metric and labels, whatever their order', () => {
    const { telemetry, lines } = recorded()
    telemetry.count('calls')
    telemetry.count('calls')
    telemetry.count('refusals', { code: 'rate_limited', path: 'chat' })
    telemetry.count('refusals', { path: 'chat', code: 'rate_limited' })
    expect([...telemetry.counters]).toEqual([
      ['calls', 2],
      ['refusals{code=rate_limited,path=chat}', 2],
    ])
    expect(lines).toEqual([])
  })

  test('an alarm is one line of JSON, whatever is in its fields', () => {
    const { telemetry, lines } = recorded()
    telemetry.alarm('overrun', { meter: 'a\nb', level: 'none', tokens: 3 })
    expect(lines).toHaveLength(1)
    expect(lines[0]?.match(/\n/g)).toHaveLength(1)
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      time: '1970-01-01T00:00:00.000Z',
      level: 'alarm',
      name: 'overrun',
      fields: { meter: 'a\nb', level: 'none', tokens: 3 },
    })
  })

  test('an error is told with its causes, and without what else hangs on it', () => {
    const { telemetry, lines } = recorded()
    const cause = Object.assign(new Error('reset'), { body: 'a prompt' })
    telemetry.error('upstream failed', new TypeError('fetch', { cause }), { call: 'c1' })
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 'error',
      message: 'upstream failed',
      error: { name: 'TypeError', message: 'fetch', cause: { name: 'Error', message: 'reset' } },
      fields: { call: 'c1' },
    })
    expect(lines[0]).not.toContain('a prompt')
  })

  test('a thrown value that is no error is told by its type only', () => {
    const { telemetry, lines } = recorded()
    telemetry.error('odd', 'a token')
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ error: 'string' })
  })
})

describe('random bytes', () => {
  test('are as many as asked for, and never the same twice', () => {
    const seen = new Set(
      Array.from({ length: 2_000 }, () => Buffer.from(systemRandom.bytes(16)).toString('hex')),
    )
    expect(seen.size).toBe(2_000)
    expect([0, 1, 4_095, 4_096, 4_097, 10_000].map(n => systemRandom.bytes(n).length)).toEqual([
      0, 1, 4_095, 4_096, 4_097, 10_000,
    ])
    expect(Buffer.from(systemRandom.bytes(4_096)).every(byte => byte === 0)).toBe(false)
  })

  test('given out stay as they are', () => {
    const first = systemRandom.bytes(16)
    const copy = Uint8Array.from(first)
    for (let i = 0; i < 1_000; i++) systemRandom.bytes(16)
    expect(first).toEqual(copy)
  })
})
