import { readIntegrity } from '../log/integrity.ts'
import { forBoth, type Operation } from '../operation.ts'
import { integrityShown } from '../shapes/integrity.ts'

export const integrityOperations: readonly Operation[] = [
  forBoth({
    id: 'getIntegrity',
    method: 'GET',
    path: '/integrity',
    tag: 'entries',
    summary: 'How the log stands: its checkpoint, what waits, its witnesses, its clocks',
    scope: 'log:own',
    answers: { 200: integrityShown },
    async answer({ deps }) {
      return { status: 200, body: await readIntegrity(deps) }
    },
  }),
]
