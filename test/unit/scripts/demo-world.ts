import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterAll, afterEach, expect } from 'vitest'
import { demoApiKeys, startDemoUpstream } from '../../../scripts/demo/upstream.ts'
import type { Calls } from '../../../scripts/demo/upstream-stats.ts'

export type Stats = ReturnType<Calls['report']>

/** A demo upstream of the test file's own, with both SDKs pointed at it; its script is reset after each test. */
export async function demoWorld() {
  const upstream = await startDemoUpstream({ port: 0 })
  const control = (method: string, body?: unknown) =>
    fetch(`${upstream.url}/demo/script`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
  afterAll(() => upstream.close())
  afterEach(() => control('DELETE'))
  return {
    upstream,
    control,
    openai: new OpenAI({ baseURL: `${upstream.url}/v1`, apiKey: demoApiKeys.openai, maxRetries: 0 }),
    anthropic: new Anthropic({ baseURL: upstream.url, apiKey: demoApiKeys.anthropic, maxRetries: 0 }),
    script: async (body: unknown): Promise<void> => {
      expect((await control('POST', body)).status).toBe(200)
    },
    stats: async (): Promise<Stats> => (await fetch(`${upstream.url}/demo/stats`)).json() as Promise<Stats>,
  }
}
