import * as z from 'zod'
import { forEveryone, type Operation } from '../operation.ts'

const documentShown = z
  .looseObject({
    openapi: z.string(),
    info: z.looseObject({ title: z.string(), version: z.string() }),
    servers: z.array(z.looseObject({ url: z.string() })),
    paths: z.record(z.string(), z.unknown()),
    components: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'ApiDocument', description: 'OpenAPI 3.1.' })

export const openapiOperations: readonly Operation[] = [
  forEveryone({
    id: 'getOpenapi',
    method: 'GET',
    path: '/openapi.json',
    tag: 'openapi',
    summary: 'This API as an OpenAPI document',
    answers: { 200: documentShown },
    /**
     * The file that was checked in, linted and judged for compatibility, rather than one that is made here: what is
     * served is what was reviewed, and no generator is deployed. It is evaluated with the first request for it, so that
     * a cold start only skips over its text.
     */
    async answer() {
      const { default: body } = await import('../../../docs/openapi.json', { with: { type: 'json' } })
      return { status: 200, body, maxAge: 300 }
    },
  }),
]
