/** Consultation and access reviews on the command line, against a gateway that says what the test wants. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { run } from '../../../client/cli/program.ts'
import { signStatement, statementTypes } from '../../../shared/agreements/statement.ts'
import { type JoseKey, joseKey, joseSigner } from '../oauth/jose-keys.ts'
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

const changes = () =>
  gateway.calls
    .filter(({ method, proof }) => method !== 'GET' && proof.nonce === gateway.nonce)
    .map(({ method, path, body, headers }) => ({
      to: `${method} ${path.replace('/api/v1', '')}`,
      body: JSON.parse(body || 'null'),
      version: headers['if-match'],
    }))

const decided = {
  step: 'applied',
  subject: { kind: 'review', id: 'review_1', name: 'the access review', model: null },
  entry: 'entry_1',
  difference: [],
  effects: {},
  proposals: [],
}
const review = {
  id: 'review_1',
  organisation: 'cedar',
  agreement: 'agreement_1',
  clause: 'risk-1',
  state: 'due',
  missed: true,
  due_at: '2026-12-11T00:00:00Z',
  certified: null,
  subjects: [
    { kind: 'person', id: 'person_1', name: 'Priya Nair', state: 'active', last_seen: '2026-11-26' },
    { kind: 'client', id: 'client_1', name: 'batch', state: 'suspended', last_seen: null },
  ],
}
const why = ['--reason', 'operational', '--text', 'looked at each'] as const
const reason = { code: 'operational', text: 'looked at each' }

describe('review', () => {
  test('get tells who has access, when they were last seen, and how to certify it', async () => {
    gateway.reply = recordsOf(decided, { '/reviews/review_1': review })
    expect(await cli('review', 'get', 'review_1')).toBe(0)
    expect(terminal.stdout).toContain('review_1, due, OVERDUE')
    expect(terminal.stdout).toContain('person_1 (Priya Nair), active, seen 2026-11-26')
    expect(terminal.stdout).toContain('client_1 (batch), suspended, seen never')
    expect(terminal.stdout).toContain('sallyport review certify review_1 --all')
  })

  test('certify names those that are given, all that are listed, or those of a file', async () => {
    gateway.reply = recordsOf(decided, { '/reviews/review_1': review })
    const file = join(terminal.home, 'kept')
    writeFileSync(file, 'person_1\nclient_1\n')
    expect(await cli('review', 'certify', 'review_1', 'person_1', ...why)).toBe(0)
    expect(await cli('review', 'certify', 'review_1', '--all', ...why)).toBe(0)
    expect(await cli('review', 'certify', 'review_1', '--from', file, '--dry-run', ...why)).toBe(0)
    const to = 'POST /reviews/review_1/certify'
    expect(changes()).toEqual([
      { to, version: '"7"', body: { kept: ['person_1'], reason } },
      { to, version: '"7"', body: { kept: ['person_1', 'client_1'], reason } },
      { to, version: '"7"', body: { kept: ['person_1', 'client_1'], reason, dry_run: true } },
    ])
  })

  test('certify asks whom it means, and takes one way to say it', async () => {
    gateway.reply = recordsOf(decided, { '/reviews/review_1': review })
    for (const given of [[], ['person_1', '--all'], ['--all', '--from', '-']]) {
      expect(await cli('review', 'certify', 'review_1', ...given, ...why)).toBe(2)
      expect(terminal.stderr).toContain('sallyport review get review_1')
    }
    expect(changes()).toEqual([])
  })

  test('list says what is overdue', async () => {
    gateway.reply = recordsOf(decided, { '/reviews': { items: [review], next: null } })
    expect(await cli('review', 'list', '--state', 'due')).toBe(0)
    expect(terminal.stdout).toContain('review_1  due, OVERDUE')
    expect(gateway.calls.at(-1)?.path).toContain('state=due')
  })

  describe('verify', () => {
    let key: JoseKey
    const claims = () => ({
      iss: gateway.issuer,
      review: 'review_1',
      agreement: 'agreement_1',
      clause: 'risk-1',
      organisation: 'cedar',
      by: { person: 'person_1', name: 'Priya Nair', role: 'partner-admin' },
      kept: { digest: 'd', ids: ['client_1', 'person_1'] },
    })
    const certified = async (change: object = {}, type: string = statementTypes.review) => {
      const text = JSON.stringify({ ...claims(), ...change })
      const certificate = await signStatement(joseSigner(key), type as never, text)
      const by = { person: 'person_1', name: 'Priya Nair' }
      return { ...review, state: 'certified', certified: { by, certificate, kept: ['client_1', 'person_1'] } }
    }
    beforeEach(async () => {
      key = await joseKey()
    })

    test('tells that a certificate is signed by a published key and says what the review says', async () => {
      const keys = {
        keys: [{ ...(await joseKey()).jwk }, { ...key.jwk, kid: key.kid, alg: 'ES256', use: 'sig' }],
      }
      gateway.reply = recordsOf(decided, { '/reviews/review_1': await certified(), '/keys': keys })
      expect(await cli('review', 'verify', 'review_1')).toBe(0)
      expect(terminal.stdout).toContain(key.kid)
      expect(terminal.stdout).toContain('Priya Nair (partner-admin)')
      expect(terminal.stdout).toContain('2 people and clients')
    })

    test.each([
      ['by a key that is not published', {}, statementTypes.review, false],
      ['of another review', { review: 'review_2' }, statementTypes.review, true],
      ['of another gateway', { iss: 'https://elsewhere.example' }, statementTypes.review, true],
      [
        'of others who keep access',
        { kept: { digest: 'd', ids: ['client_1'] } },
        statementTypes.review,
        true,
      ],
      ['that is another statement', {}, statementTypes.attestation, true],
    ])('fails for one %s', async (_, change, type, published) => {
      const keys = { keys: published ? [{ ...key.jwk }] : [{ ...(await joseKey()).jwk }] }
      gateway.reply = recordsOf(decided, {
        '/reviews/review_1': await certified(change, type),
        '/keys': keys,
      })
      expect(await cli('review', 'verify', 'review_1')).toBe(1)
      expect(terminal.stderr).toContain('The certificate does not hold')
      expect(terminal.stdout).toBe('')
    })

    test('says that there is none yet', async () => {
      gateway.reply = recordsOf(decided, { '/reviews/review_1': review, '/keys': { keys: [] } })
      expect(await cli('review', 'verify', 'review_1')).toBe(1)
      expect(terminal.stderr).toContain('there is no certificate')
    })
  })
})

describe('opinion', () => {
  test('add sends words, those of a file, or those of stdin; no reason is invented', async () => {
    gateway.reply = recordsOf(decided, {})
    const file = join(terminal.home, 'opinion.txt')
    writeFileSync(file, 'from a file')
    expect(await cli('opinion', 'add', 'aurora', '--text', 'in words')).toBe(0)
    expect(await cli('opinion', 'add', 'aurora', '--from', file, '--finding', 'finding_1')).toBe(0)
    expect(await cli('opinion', 'add', 'aurora', '--text', 'x', '--dry-run')).toBe(0)
    expect(changes().map(({ to, body }) => [to, body])).toEqual([
      ['POST /models/aurora/opinions', { text: 'in words' }],
      ['POST /models/aurora/opinions', { text: 'from a file', finding: 'finding_1' }],
      ['POST /models/aurora/opinions', { text: 'x', dry_run: true }],
    ])
    for (const given of [[], ['--text', 'a', '--from', file]])
      expect(await cli('opinion', 'add', 'aurora', ...given)).toBe(2)
  })

  test('list quotes what others say on one line', async () => {
    const by = { name: 'Tess Marlow', role: 'consultant', organisation: 'ofr', at: '2026-11-27T00:00:00Z' }
    const one = { id: 'opinion_1', by, text: 'first\nentry  fake\u001b[2K', finding: null, withheld: false }
    const kept = { ...one, id: 'opinion_2', text: null, finding: 'finding_1', withheld: true }
    gateway.reply = recordsOf(decided, { '/models/aurora/opinions': { items: [one, kept], next: null } })
    expect(await cli('opinion', 'list', 'aurora')).toBe(0)
    expect(terminal.stdout).toContain('“first / entry  fake')
    expect(terminal.stdout).toContain('its text is kept from you')
    expect(terminal.stdout).not.toContain('\u001b')
  })
})

describe('attributes', () => {
  test('vouch for a screening by its reference, until a time', async () => {
    gateway.reply = recordsOf(decided, { '/clients/client_1': {}, '/people/person_1': {} })
    const until = ['--until', '2027-06-01T00:00:00Z'] as const
    const screening = { value: 'HR-2026-0117', expires_at: '2027-06-01T00:00:00Z' }
    expect(
      await cli('client', 'attributes', 'client_1', '--screening', 'HR-2026-0117', ...until, ...why),
    ).toBe(0)
    expect(
      await cli('person', 'attributes', 'person_1', '--screening', 'HR-2026-0117', ...until, ...why),
    ).toBe(0)
    expect(changes().map(({ body }) => body)).toEqual([
      { screening, reason },
      { screening, reason },
    ])
    expect(await cli('client', 'attributes', 'client_1', '--screening', 'all fine!', ...until, ...why)).toBe(
      2,
    )
    expect(await cli('client', 'attributes', 'client_1', '--screening', 'HR-1', ...why)).toBe(2)
    expect(terminal.stderr).toContain('--until')
  })
})
