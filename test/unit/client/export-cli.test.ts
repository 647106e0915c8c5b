/** Exports on the command line, against a gateway that says what the test wants. */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { calculateJwkThumbprint, compactVerify, EmbeddedJWK, type JWK } from 'jose'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { run } from '../../../client/cli/program.ts'
import { statementOf } from '../../../shared/bundle/countersignature.ts'
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

describe('before the first byte comes', () => {
  const content = Buffer.from('a ZIP file')
  const sha256 = createHash('sha256').update(content).digest('hex')
  const signable = { ...made, bytes: content.length, sha256, countersigned: null }
  const statement =
    statementOf(
      {
        ...{
          id: 'export_1',
          entry: 'entry_1',
          q: 'partner:cedar',
          from: 0,
          to: 1,
          size: 9,
          purpose: 'A review',
        },
        ...{ rows: 4, bytes: content.length, sha256, readers: [], organisation: 'cedar' },
        person: { id: 'person_1', name: 'Priya' },
      },
      'log.example/log',
    ) ?? ''
  const signed = { at, entry: 'entry_3', key: 'thumb' }

  /** `job` as it is told, and the file to whoever has signed. */
  const serve = (job: object): void => {
    gateway.reply = ({ method, path, headers }, response) => {
      if (method === 'POST') return { body: { ...job, countersigned: signed } }
      if (!path.endsWith('/content')) return { body: job }
      const [, from = '0'] = /^bytes=(\d+)-/.exec(headers.range ?? '') ?? []
      const range = `bytes ${from}-${content.length - 1}/${content.length}`
      response.writeHead(206, { 'content-range': range, 'dpop-nonce': gateway.nonce })
      response.end(content.subarray(Number(from)))
      return undefined
    }
  }
  /** Behind the challenge for a nonce. */
  const answered = () => gateway.calls.filter(({ proof }) => proof.nonce === gateway.nonce)
  const asked = () => answered().map(({ method, path }) => `${method} ${path.split('/').at(-1)}`)

  test('the copy is signed for with the key of the session, and it is said', async () => {
    serve({ ...signable, statement })
    const file = join(terminal.home, 'out.zip')
    expect(await cli('export', 'download', 'export_1', '--out', file)).toBe(0)
    expect(asked()).toEqual(['GET export_1', 'POST countersignature', 'GET content'])
    expect(readFileSync(file)).toEqual(content)
    const [, post] = answered()
    if (post === undefined) throw new Error('nothing was sent')
    const { signature } = JSON.parse(post.body) as { signature: string }
    const { payload, protectedHeader } = await compactVerify(signature, EmbeddedJWK)
    expect(Buffer.from(payload).toString()).toBe(statement)
    expect(Object.keys(protectedHeader).sort()).toEqual(['alg', 'jwk', 'typ'])
    expect(protectedHeader).toMatchObject({ alg: 'ES256', typ: 'sallyport-export+jws' })
    expect(await calculateJwkThumbprint(protectedHeader.jwk as JWK)).toBe(
      (post.token.cnf as { jkt: string }).jkt,
    )
    expect(terminal.stderr.replaceAll(/\s+/g, ' ')).toContain(
      'You signed that this copy is yours: each record in it names you, and you answer for where it goes. It stands in the log: entry_3',
    )
  })

  test('one that is signed for already is not signed again', async () => {
    serve({ ...signable, statement, countersigned: signed })
    expect(await cli('export', 'download', 'export_1', '--out', join(terminal.home, 'out.zip'))).toBe(0)
    expect(asked()).toEqual(['GET export_1', 'GET content'])
    expect(terminal.stderr).not.toContain('You signed')
  })

  test('a statement that is of another file, or says another thing, is not signed, and nothing is fetched', async () => {
    const file = join(terminal.home, 'out.zip')
    const others = [
      statement.replace(sha256, 'bb'.repeat(32)),
      statement.replace('export_1', 'export_2'),
      statement.replace('This copy is mine', 'I owe a million'),
      'null',
      'This copy is mine',
      null,
    ]
    for (const other of others) {
      serve({ ...signable, statement: other })
      terminal.stderr = ''
      const code = await cli('export', 'download', 'export_1', '--out', file)
      expect({ other, code, err: terminal.stderr }).toMatchObject({
        code: 6,
        err: expect.stringContaining('statement_other'),
      })
    }
    expect(asked()).toEqual(others.map(() => 'GET export_1'))
    expect(existsSync(file)).toBe(false)
  })

  test('status says whether it is signed for', async () => {
    serve({ ...signable, statement })
    expect(await cli('export', 'status', 'export_1')).toBe(0)
    expect(terminal.stdout).toContain('not yet; export download does it')
    serve({ ...signable, statement, countersigned: signed })
    expect(await cli('export', 'status', 'export_1')).toBe(0)
    expect(terminal.stdout.replaceAll(/\s+/g, ' ')).toContain('by the key thumb: entry_3')
  })
})
