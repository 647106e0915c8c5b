/** Exports on the command line, against a gateway that says what the test wants. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { run } from '../../../client/cli/program.ts'
import { type FakeGateway, recordsOf } from './fake-gateway.ts'
import type { RecordedTerminal } from './recorded-terminal.ts'
import { signedIn } from './signed-in.ts'

let gateway: FakeGateway
let terminal: RecordedTerminal
const cli = (...argv: string[]): Promise<number> => run(['--endpoint', gateway.issuer, ...argv], terminal)
beforeEach(async () => {
  ;({ gateway, terminal } = await signedIn())
})
afterEach(() => gateway.stop())

const at = '2026-11-27T09:00:00Z'
const made = {
  ...{
    id: 'export_1',
    kind: 'bundle',
    state: 'done',
    query: 'partner:cedar',
    by: null,
    from: at,
    to: at,
    size: 9,
  },
  ...{ purpose: 'A review', requested_at: at, entry: 'entry_1', records: 4, collected: true, bytes: 100 },
  ...{
    sha256: 'aa'.repeat(32),
    made_at: at,
    kept_until: '2026-12-27T09:00:00Z',
    failure: null,
    ended_by: 'entry_2',
  },
}
const shown = (job: object) => {
  gateway.reply = recordsOf({}, { '/exports/export_1': job })
}

test('one that is kept no longer is not asked for, and the next step says how to have it again', async () => {
  shown({ ...made, state: 'expired' })
  expect(await cli('export', 'status', 'export_1', '--wait')).toBe(0)
  expect(terminal.stdout).toContain('export_1, is kept no longer')
  const file = join(terminal.home, 'out.zip')
  expect(await cli('export', 'download', 'export_1', '--wait', '--out', file)).toBe(1)
  expect(terminal.stderr).toContain('export_expired')
  expect(terminal.stderr.replaceAll(/\s+/g, ' ')).toContain('with these times; it has the same records')
  expect(gateway.calls.filter(({ path }) => path.endsWith('/content'))).toEqual([])
  expect(existsSync(file)).toBe(false)
})

test('one that failed and is kept no longer still tells why', async () => {
  const failure = { code: 'export_too_large', detail: 'It has more than 1,000,000 records.' }
  shown({ ...made, state: 'expired', sha256: null, bytes: null, made_at: null, failure })
  expect(await cli('export', 'status', 'export_1')).toBe(0)
  expect(terminal.stdout).toContain('export_too_large')
})
