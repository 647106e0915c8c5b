/** `sallyport agreement` against a gateway that says what the test wants. */
import { spawn } from 'node:child_process'
import { createPublicKey } from 'node:crypto'
import { chmod, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import jws from 'jws'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createProgram, run } from '../../../client/cli/program.ts'
import { digestOf, documentText } from '../../../shared/agreements/document.ts'
import { documentOf, exportOf, agreementId as id, makeKey, makeParts } from './agreement-files.ts'
import { type Answer, type Call, FakeGateway } from './fake-gateway.ts'
import type { RecordedTerminal } from './recorded-terminal.ts'
import { signedIn } from './signed-in.ts'

let gateway: FakeGateway
let terminal: RecordedTerminal
beforeEach(async () => {
  ;({ gateway, terminal } = await signedIn())
})
afterEach(() => gateway.stop())

const cli = (...argv: string[]): Promise<number> => run(['--endpoint', gateway.issuer, ...argv], terminal)
/** Nobody is named who could be asked. */
const offline = (...argv: string[]): Promise<number> => run(argv, terminal)
function clear(): void {
  gateway.calls.length = 0
  terminal.stdout = ''
  terminal.stderr = ''
}
const why = ['--reason', 'request', '--text', 'as agreed'] as const
const reason = { code: 'request', text: 'as agreed' }
const decided = {
  step: 'applied',
  subject: { kind: 'agreement', id, name: 'Access to Aurora', model: null },
  needs: '',
  entry: 'entry_1',
  ratify_by: null,
  proposal: null,
  proposals: [],
  difference: [],
  effects: null,
}
const document = documentOf()
const digest = digestOf(documentText(document))
const next = documentOf({ version: 2, ends_at: '2028-11-27T00:00:00.000Z' })
const shown = {
  id,
  kind: 'access',
  state: 'offered',
  title: document.title,
  terms_version: 1,
  digest,
  document,
  next: null,
  developer: 'halcyon',
  counterparty: 'cedar',
  governments: ['ofr'],
  models: document.models,
  starts_at: document.starts_at,
  ends_at: document.ends_at,
  signatures: [],
  waits_on: ['halcyon', 'cedar', 'ofr'],
  consented_at: null,
  stop: null,
  ended: null,
  close_out: null,
  previous: null,
  version: 7,
}
const inForce = { ...shown, state: 'effective', waits_on: [] }
const versioned = {
  ...inForce,
  next: { terms_version: 2, digest: digestOf(documentText(next)), state: 'offered', document: next },
}

const serving =
  (records: Readonly<Record<string, unknown>>) =>
  ({ method, path }: Call): Answer => {
    if (method !== 'GET') return { body: decided }
    const found =
      records[path.replace('/api/v1', '')] ?? records[path.replace('/api/v1', '').replace(/\?.*/, '')]
    return found === undefined ? { status: 404, body: {} } : { headers: { etag: '"7"' }, body: found }
  }
const one = (record: unknown) => serving({ [`/agreements/${id}`]: record })
const changes = () =>
  gateway.calls
    .filter(({ method, proof }) => method !== 'GET' && proof.nonce === gateway.nonce)
    .map(({ method, path, body }) => ({
      to: `${method} ${path.replace('/api/v1', '')}`,
      body: JSON.parse(body),
    }))
const sign = (...more: string[]) => cli('agreement', 'sign', id, ...why, ...more)

describe('sign', () => {
  test('shows all that the document says, and signs the digest of that once it is agreed to', async () => {
    terminal.interactive = true
    terminal.input = 'y\n'
    gateway.reply = one(shown)
    expect(await sign()).toBe(0)
    for (const text of [
      'Access to Aurora\nMADE UP:',
      `agreement  ${id}, version 1\n`,
      'developer  halcyon (Halcyon Research)\n',
      'partner    cedar (Cedar County Hospital)\n',
      'government ofr (Office of Frontier Review)\n',
      'term       2026-11-27T00:00:07.000Z to 2027-11-27T00:00:00.000Z\n',
      'quota-1  Quota (enforced)\n  | No grant is given more.\n  | Nor two.\n  - burst: 10\n',
      '  - total: 100,000,000\n  - pool, burst: 9\n',
      '  - pool, total: 200,000,000\n',
      '  - notice: Who calls is recorded for 365 days.\n',
      'free-1  No licence (enforced)\n',
      `${digest} (computed here)`,
      'I have read version 1 of “Access to Aurora” and sign it for my organisation.\n',
      'Is that what you say? [y/N]',
    ])
      expect(terminal.stderr).toContain(text)
    expect(changes()).toEqual([{ to: `POST /agreements/${id}/sign`, body: { digest, reason } }])
  })

  test.each([['n\n'], ['\n'], [''], ['yep\n']])('signs nothing for %j', async typed => {
    terminal.interactive = true
    terminal.input = typed
    gateway.reply = one(shown)
    expect(await sign()).toBe(2)
    expect(changes()).toEqual([])
    expect(terminal.stderr).toContain('error: Nothing was signed.\n  code     declined\n')
    expect(terminal.stderr).not.toContain('next ')
    expect(terminal.stderr).not.toContain('--digest')
  })

  test('names the whole command to be repeated where nobody is there to ask: the key above all', async () => {
    const key = await terminal.file('my key.json', makeKey().jwk)
    gateway.reply = one(shown)
    const given = ['--key', key, '--reason', 'request', '--text', "it's agreed, by both"]
    expect(await cli('agreement', 'sign', id, ...given)).toBe(2)
    const command = `sallyport agreement sign ${id} --endpoint ${gateway.issuer} --key '${key}' --reason request --text 'it'\\''s agreed, by both'`
    expect(terminal.stderr).toContain(`next     ${command} --digest ${digest}\n`)
    expect(changes()).toEqual([])
    clear()
    expect(await cli('agreement', 'sign', id, ...given, '--digest', digestOf('x'))).toBe(1)
    expect(terminal.stderr).toContain('code     version_stale')
    expect(terminal.stderr).toContain(`next     ${command}\n`)
  })

  test('repeats no sealed words, and none of several lines', async () => {
    gateway.reply = one(shown)
    for (const words of [
      ['--text', 'between us', '--sealed'],
      ['--text', 'first\nlast words'],
    ]) {
      clear()
      expect(await cli('agreement', 'sign', id, '--reason', 'request', ...words)).toBe(2)
      expect(terminal.stderr).toContain(' --text - ')
      expect(terminal.stderr).not.toMatch(/between us|last words/)
    }
  })

  test.each([
    [{ ...shown, waits_on: ['cedar', 'ofr'] }, ['now        cedar, ofr to sign', 'agreement sign']],
    [inForce, ['now        in force', 'cedar to acknowledge the notice', 'agreement acknowledge']],
    [{ ...inForce, state: 'signed' }, ['in force from 2026-11-27 00:00 UTC on', 'agreement acknowledge']],
  ])('says who has to do something next', async (after, texts) => {
    let signed = false
    gateway.reply = call => {
      if (call.method === 'POST') signed = true
      return one(signed ? after : shown)(call)
    }
    expect(await sign('--digest', digest)).toBe(0)
    for (const text of texts) expect(terminal.stderr).toContain(text)
    expect(terminal.stderr).toContain(` ${id}\n`)
  })

  test('asks nobody where the digest is named, and shows it all the same', async () => {
    gateway.reply = one(shown)
    expect(await sign('--digest', digest)).toBe(0)
    expect(terminal.stderr).toContain('  | No grant is given more.')
    clear()
    expect(await sign('--digest', digest, '--quiet')).toBe(0)
    expect(terminal.stderr).toBe('')
    expect(changes()).toHaveLength(1)
  })

  test('signs the next version of what is in force, where that is offered', async () => {
    gateway.reply = one(versioned)
    expect(await sign('--digest', versioned.next.digest)).toBe(0)
    expect(changes()).toMatchObject([{ body: { digest: versioned.next.digest } }])
    expect(await sign('--digest', digest)).toBe(1)
    expect(terminal.stderr).toContain('code     version_stale')
  })

  test.each([
    [inForce, 'it is\n       effective.'],
    [{ ...shown, state: 'draft' }, 'it is a draft.'],
    [{ ...versioned, next: { ...versioned.next, state: 'draft' } }, 'its next version a\n       draft.'],
  ])('signs nothing that is not offered', async (record, what) => {
    gateway.reply = one(record)
    expect(await sign('--digest', digest)).toBe(1)
    expect(terminal.stderr).toContain('code     state_forbids')
    expect(terminal.stderr.replaceAll('\n       ', ' ')).toContain(what.replaceAll('\n       ', ' '))
    expect(changes()).toEqual([])
  })

  test.each([
    ['another digest', { ...shown, digest: digestOf('x') }, 'digest_mismatch'],
    ['another document', { ...shown, document: { ...document, title: 'Another' } }, 'digest_mismatch'],
    ['no document', { ...shown, document: null }, 'document_unknown'],
    ['fields that cannot be shown', withDigest({ ...document, side_letter: 'void' }), 'document_unknown'],
    [
      'a clause with more than can be shown',
      withDigest({ ...document, clauses: [{ ...document.clauses[0], small_print: 'void' }] }),
      'document_unknown',
    ],
    ['another format', withDigest({ ...document, format: 'sallyport-agreement/2' }), 'document_unknown'],
    [
      'the document of another agreement',
      withDigest({ ...document, agreement: 'agreement_another' }),
      'digest_mismatch',
    ],
  ])('signs nothing where the gateway shows %s', async (_, record, code) => {
    const told = record as { readonly digest: string }
    gateway.reply = one(record)
    expect(await sign('--digest', told.digest)).toBe(1)
    expect(terminal.stderr).toContain(`code     ${code}`)
    expect(changes()).toEqual([])
  })

  test('words of a clause cannot look like its terms, and cannot move the cursor', async () => {
    const hostile = 'All is well.\n  - total: 1\nquota-2  Quota\u001b[2K\u202e (enforced)'
    const [clause, ...others] = document.clauses
    gateway.reply = one(withDigest({ ...document, clauses: [{ ...clause, text: hostile }, ...others] }))
    expect(await sign('--dry-run')).toBe(0)
    expect(terminal.stderr).toContain('  | - total: 1\n  | quota-2  Quota\ufffd[2K\ufffd (enforced)\n')
    expect(terminal.stderr).not.toContain('\u001b')
  })
})

function withDigest(changed: object): object {
  return { ...shown, document: changed, digest: digestOf(documentText(changed as typeof document)) }
}

describe('sign with a key of one’s own', () => {
  const key = makeKey()
  const file = (content: unknown = key.jwk, mode = 0o600) => terminal.file('own.json', content, mode)
  const secret = String(key.jwk.d)

  test('sends a signature of the very bytes that were read, and never the key', async () => {
    gateway.reply = one(shown)
    expect(await sign('--digest', digest, '--key', await file())).toBe(0)
    expect(terminal.stderr).toContain(`With the key ${key.signer.kid}.`)
    const body = changes()[0]?.body
    expect(body.digest).toBe(digest)
    const pem = await publicPem()
    expect(jws.verify(body.signature, 'ES256', pem)).toBe(true)
    const signed = jws.decode(body.signature)
    expect(signed?.payload).toBe(documentText(document))
    expect(signed?.header).toEqual({
      alg: 'ES256',
      kid: key.signer.kid,
      typ: 'sallyport-agreement+jws',
    })
    expect(JSON.stringify(gateway.calls)).not.toContain(secret)
    expect(terminal.stdout + terminal.stderr).not.toContain(secret)
  })

  const publicPem = async () => {
    return createPublicKey({ format: 'jwk', key: { ...key.publicJwk } })
      .export({ format: 'pem', type: 'spki' })
      .toString()
  }

  test('makes no signature in a dry run', async () => {
    gateway.reply = one(shown)
    expect(await sign('--dry-run', '--key', await file())).toBe(0)
    expect(changes()).toEqual([
      { to: `POST /agreements/${id}/sign`, body: { digest, reason, dry_run: true } },
    ])
  })

  test('is refused before anybody is asked where others may read the key, or it is none', async () => {
    gateway.reply = one(shown)
    const path = await file()
    await chmod(path, 0o644)
    expect(await sign('--digest', digest, '--key', path)).toBe(4)
    expect(terminal.stderr).toContain('code     file_exposed')
    await chmod(path, 0o600)
    for (const content of [{}, { ...key.jwk, d: undefined }, { ...key.jwk, crv: 'P-521' }, 'no JSON']) {
      await file(content)
      expect(await sign('--digest', digest, '--key', path)).toBe(4)
    }
    expect(await sign('--digest', digest, '--key', join(terminal.home, 'nowhere'))).toBe(2)
    expect(gateway.calls).toEqual([])
  })

  test('is refused where the private half is of another key', async () => {
    gateway.reply = one(shown)
    const path = await file({ ...key.jwk, d: makeKey().jwk.d })
    expect(await sign('--digest', digest, '--key', path)).toBe(4)
    expect(changes()).toEqual([])
  })

  test('a key as an argument is refused, and is not said again', async () => {
    expect(await sign('--digest', digest, '--key', JSON.stringify(key.jwk))).toBe(2)
    expect(terminal.stderr).toContain('code     secret_as_argument')
    expect(terminal.stderr).not.toContain(secret)
    expect(gateway.calls).toEqual([])
  })
})

describe('person sign-key', () => {
  const me = { '/me': { person: { id: 'person_1' } }, '/people/person_1': { id: 'person_1' } }

  test('create makes a file that nobody else reads, and add proves to have it', async () => {
    gateway.reply = serving(me)
    const out = join(terminal.home, 'keys', 'mine.json')
    expect(await offline('person', 'sign-key', 'create', '--out', out)).toBe(0)
    expect((await stat(out)).mode & 0o777).toBe(0o600)
    expect(gateway.calls).toEqual([])
    expect(await offline('person', 'sign-key', 'create', '--out', out)).toBe(1)

    expect(await cli('person', 'sign-key', 'add', 'me', '--key', out, ...why)).toBe(0)
    const { d, kid, ...open } = JSON.parse(await readFile(out, 'utf8'))
    expect(changes()).toMatchObject([{ to: 'POST /people/person_1/signing-keys' }])
    const body = changes()[0]?.body
    expect(body.public_key).toEqual(open)
    const proof = jws.decode(body.proof)
    expect(proof?.header).toEqual({ alg: 'ES256', kid, typ: 'sallyport-signatory+jwt' })
    expect(JSON.parse(proof?.payload)).toEqual({
      aud: gateway.issuer,
      sub: 'person_1',
      iat: expect.any(Number),
      jti: expect.any(String),
    })
    expect(JSON.stringify(gateway.calls)).not.toContain(d)
    clear()
    expect(await offline('person', 'sign-key', 'public', '--key', out)).toBe(0)
    expect(JSON.parse(terminal.stdout)).toEqual({ ...open, kid })
  })

  test('end names the key', async () => {
    gateway.reply = serving(me)
    const { kid } = makeKey().signer
    expect(await cli('person', 'sign-key', 'end', 'me', kid, ...why)).toBe(0)
    expect(changes()).toMatchObject([{ to: `POST /people/person_1/signing-keys/${kid}/end` }])
    expect(await cli('person', 'sign-key', 'end', 'me', 'mine', ...why)).toBe(2)
  })
})

describe('acknowledge', () => {
  test('shows the notice, and what is said by it', async () => {
    terminal.interactive = true
    terminal.input = 'yes\n'
    gateway.reply = one(inForce)
    expect(await cli('agreement', 'acknowledge', id, ...why)).toBe(0)
    expect(terminal.stderr.replaceAll(/\s+/g, ' ')).toContain(
      'I have read this notice, and acknowledge it for my organisation: Who calls is recorded for 365 days.',
    )
    expect(changes()).toEqual([{ to: `POST /agreements/${id}/acknowledge`, body: { digest, reason } }])
  })
})

describe('draft', () => {
  const whole = ['--kind', 'access', '--with', 'cedar', '--model', 'aurora', 'borealis'] as const
  const term = ['--starts', '2026-12-01T00:00:00Z', '--ends', '2027-12-01T00:00:00Z'] as const

  test('of a template', async () => {
    expect(
      await draft(...whole, ...term, '--template', 'sample-access', '--third-party', 'ofr', '--title', 'T'),
    ).toBe(0)
    expect(changes()).toEqual([
      {
        to: 'POST /agreements',
        body: {
          kind: 'access',
          counterparty: 'cedar',
          third_party: 'ofr',
          template: 'sample-access',
          title: 'T',
          models: ['aurora', 'borealis'],
          starts_at: '2026-12-01T00:00:00Z',
          ends_at: '2027-12-01T00:00:00Z',
          reason,
        },
      },
    ])
    expect(terminal.stderr).toContain(
      `\nAn administrator of yours offers it:\nsallyport agreement offer ${id}\n`,
    )
  })

  test.each([
    ['a template', { id: 'sample-access', clauses: document.clauses }],
    ['a document', document],
    ['a version', { digest, document }],
  ])('with the clauses of %s in a file changes one that is there', async (_, content) => {
    gateway.reply = one(shown)
    expect(await draft(id, '--from', await terminal.file('clauses.json', content))).toBe(0)
    expect(changes()).toEqual([
      { to: `PATCH /agreements/${id}`, body: { clauses: document.clauses, reason } },
    ])
  })

  test('anew says clause by clause what it says now, over both documents', async () => {
    const [quota, ...others] = document.clauses
    const changed = documentOf({
      clauses: [{ ...quota, text: 'Half.' } as (typeof document.clauses)[number], ...others],
    })
    let done = false
    gateway.reply = call => {
      if (call.method === 'PATCH') done = true
      return one(done ? { ...shown, document: changed, digest: digestOf(documentText(changed)) } : shown)(
        call,
      )
    }
    expect(await draft(id, '--title', 'T')).toBe(0)
    expect(terminal.stdout).toContain(
      'clauses[quota-1].text\n  - No grant is given more.\n  - Nor two.\n  + Half.\n',
    )
  })

  test.each([
    [[...whole, ...term], 'Name --template <id>, or --from <file>'],
    [[...whole, '--template', 'x'], 'Missing: --starts, --ends.'],
    [[id], 'Name what changes: --kind, --with, --third-party, --template'],
    [[id, '--title', ' '], '--title <title>'],
    [[id, '--starts', 'tomorrow'], 'RFC 3339'],
  ])('%j asks nobody', async (argv, what) => {
    expect(await draft(...argv)).toBe(2)
    expect(terminal.stderr.replaceAll(/\s+/g, ' ')).toContain(what)
    expect(gateway.calls).toEqual([])
  })

  test('a file without clauses is none', async () => {
    expect(await draft(id, '--from', await terminal.file('clauses.json', { clauses: 'all' }))).toBe(2)
    expect(terminal.stderr).toContain('code     file_malformed')
  })

  const draft = (...argv: readonly string[]) => cli('agreement', 'draft', ...argv, ...why)
  beforeEach(() => {
    gateway.reply = one(shown)
  })
})

describe('diff', () => {
  test('says what changes from the version in force to the next', async () => {
    gateway.reply = one(versioned)
    expect(await cli('agreement', 'diff', id)).toBe(0)
    expect(terminal.stdout).toBe(
      `agreement  ${id}\nfrom       version 1, ${digest}\nto         version 2, ${versioned.next.digest}\n` +
        '\nends_at\n  - 2027-11-27T00:00:00.000Z\n  + 2028-11-27T00:00:00.000Z\n',
    )
  })

  test('names a clause that comes with its text and terms', async () => {
    const clause = { id: 'x-1', kind: 'destruction', text: 'It is destroyed.', terms: { days: 30 } } as const
    const to = documentOf({ version: 2, clauses: [...document.clauses, clause] })
    const wanted = digestOf(documentText(to))
    gateway.reply = serving({
      [`/agreements/${id}`]: inForce,
      [`/agreements/${id}/versions/${wanted}`]: { digest: wanted, document: to },
    })
    expect(await cli('agreement', 'diff', id, '--to', wanted)).toBe(0)
    expect(terminal.stdout).toContain(
      'clauses[x-1]\n  + the clause destruction: “It is destroyed.”\n  + days: 30\n',
    )
  })

  test('believes no document that has not its digest', async () => {
    gateway.reply = one({ ...versioned, next: { ...versioned.next, document } })
    expect(await cli('agreement', 'diff', id)).toBe(1)
    expect(terminal.stderr).toContain('code     digest_mismatch')
  })

  test('has nothing to compare where there is one version', async () => {
    gateway.reply = one(inForce)
    expect(await cli('agreement', 'diff', id)).toBe(7)
  })
})

describe('export and verify', () => {
  const exported = async (changed: object = {}) => {
    const parts = await makeParts()
    gateway.reply = serving({ [`/agreements/${id}/export`]: { ...exportOf(parts), ...changed } })
    const folder = join(terminal.home, 'exported')
    return { parts, folder, code: await cli('agreement', 'export', id, '--to', folder) }
  }

  test('what was exported is verified by nobody but this machine', async () => {
    const { parts, folder, code } = await exported()
    expect(code).toBe(0)
    expect((await readdir(folder)).sort()).toEqual([
      ...['README.txt', 'agreement.json', 'cedar.jws', 'halcyon.jws', 'keys.json', 'ofr.jws'],
    ])
    expect((await stat(folder)).mode & 0o777).toBe(0o700)
    expect((await stat(join(folder, 'agreement.json'))).mode & 0o777).toBe(0o600)
    expect(await readFile(join(folder, 'agreement.json'), 'utf8')).toBe(parts.text)
    expect((await readFile(join(folder, 'README.txt'), 'utf8')).trim().split('\n')).toHaveLength(3)
    await gateway.stop()
    gateway = await new FakeGateway().start()
    clear()
    expect(await offline('agreement', 'verify', folder)).toBe(0)
    expect(gateway.requests).toEqual([])
    expect(terminal.stdout).toContain('verified   every signature, over these very bytes\n')
    expect(terminal.stdout).toContain('signed     halcyon: with its own key')
    expect(terminal.stdout).toContain('signed     cedar: Priya Nair (partner-admin), 2026-11-27 09:00 UTC')
    expect(terminal.stdout).toContain('trust      the keys came with the files')
  })

  test('one changed byte in a file ends with 6, and is told', async () => {
    const { folder } = await exported()
    for (const name of ['agreement.json', 'cedar.jws', 'halcyon.jws', 'ofr.jws']) {
      const path = join(folder, name)
      const bytes = await readFile(path)
      for (const place of [0, Math.floor(bytes.length / 2), bytes.length - 1]) {
        const changed = Buffer.from(bytes)
        changed[place] = (changed[place] ?? 0) ^ 1
        await writeFile(path, changed)
        clear()
        expect(await offline('agreement', 'verify', folder), `${name} ${place}`).toBe(6)
        expect(terminal.stdout).toContain('NOT        verified\n')
        expect(terminal.stdout).toContain('WRONG      ')
        expect(terminal.stderr).toContain('code     verification_failed')
      }
      await writeFile(path, Buffer.concat([bytes, Buffer.from('\n')]))
      expect(await offline('agreement', 'verify', folder)).toBe(6)
      await writeFile(path, bytes)
    }
    expect(await offline('agreement', 'verify', folder)).toBe(0)
  })

  test('trusts the keys that are named, and no other', async () => {
    const { parts, folder } = await exported()
    const [gatewayKey, ...own] = parts.jwks.keys
    const statements = await terminal.file('keys.json', { keys: [gatewayKey] })
    const others = await terminal.file('own.json', { keys: own })
    expect(await offline('agreement', 'verify', folder, '--keys', statements, others)).toBe(0)
    expect(terminal.stdout).toContain('trust      the keys are those that you named\n')
    clear()
    expect(await offline('agreement', 'verify', folder, '--keys', statements)).toBe(6)
    expect(terminal.stdout.replaceAll(/\s+/g, ' ')).toContain(
      `halcyon.jws: its key ${parts.keys.halcyon.signer.kid} is not among the keys.`,
    )
    const bare = await Promise.all(
      (['halcyon', 'ofr'] as const).map(
        async party => `${party}=${await terminal.file(`${party}.json`, parts.keys[party].publicJwk)}`,
      ),
    )
    expect(await offline('agreement', 'verify', folder, '--keys', statements, ...bare)).toBe(0)
    const swapped = bare.map(pin => pin.replace(/^halcyon=/, 'cedar='))
    expect(await offline('agreement', 'verify', folder, '--keys', statements, ...swapped)).toBe(6)
    const unnamed = bare.map(pin => pin.replace(/^halcyon=/, ''))
    expect(await offline('agreement', 'verify', folder, '--keys', statements, ...unnamed)).toBe(2)
    expect(await offline('agreement', 'verify', folder, '--keys', folder)).toBe(2)
  })

  test('has the digest that was expected, or ends with 6', async () => {
    const { parts, folder } = await exported()
    expect(await offline('agreement', 'verify', folder, '--digest', digestOf(parts.text))).toBe(0)
    expect(await offline('agreement', 'verify', folder, '--digest', digestOf('x'))).toBe(6)
    expect(await offline('agreement', 'verify', folder, '--digest', 'x')).toBe(2)
  })

  test('says it in JSON', async () => {
    const { parts, folder } = await exported()
    await writeFile(join(folder, 'cedar.jws'), 'x')
    clear()
    expect(await offline('--json', 'agreement', 'verify', folder)).toBe(6)
    expect(JSON.parse(terminal.stdout)).toMatchObject({
      verified: false,
      digest: digestOf(parts.text),
      agreement: id,
      version: 1,
      signatures: [{ organisation: 'halcyon' }, { organisation: 'ofr' }],
      faults: ['cedar.jws: it is no compact JWS over a JSON object.'],
    })
  })

  test.each(['keys.json', 'cedar.jws'])('without %s it ends with 6', async name => {
    const { folder } = await exported()
    await rm(join(folder, name))
    expect(await offline('agreement', 'verify', folder)).toBe(6)
    expect(terminal.stdout).toContain(`${name}: it is missing`)
  })

  test('a folder that is none is a fault of whoever typed it', async () => {
    expect(await offline('agreement', 'verify', join(terminal.home, 'nowhere'))).toBe(2)
    expect(await offline('agreement', 'verify', terminal.home)).toBe(2)
  })

  test('nothing is written over, and nothing elsewhere', async () => {
    expect((await exported()).code).toBe(0)
    const again = await exported()
    expect(again.code).toBe(1)
    expect(terminal.stderr).toContain('code     file_exists')
    for (const organisation of ['../halcyon', '/tmp/x', '..', '', 'a/b']) {
      const [one, ...others] = exportOf(again.parts).signatures
      gateway.reply = serving({
        [`/agreements/${id}/export`]: {
          ...exportOf(again.parts),
          signatures: [{ ...one, organisation }, ...others],
        },
      })
      const folder = join(terminal.home, 'elsewhere')
      expect(await cli('agreement', 'export', id, '--to', folder)).toBe(1)
      expect(terminal.stderr).toContain('code     export_malformed')
      await expect(readdir(folder)).rejects.toThrow()
    }
  })

  test('a digest that is not the document’s ends with 6, and nothing is written', async () => {
    const { folder, code } = await exported({ digest: digestOf('x') })
    expect(code).toBe(6)
    await expect(readdir(folder)).rejects.toThrow()
  })

  test('says who has not signed', async () => {
    const parts = await makeParts()
    const { signatures, ...rest } = exportOf(parts)
    const { folder, code } = await exported({ ...rest, signatures: signatures.slice(0, 1) })
    expect(code).toBe(0)
    expect(terminal.stdout).toContain('missing    the signatures of cedar, ofr\n')
    expect(await offline('agreement', 'verify', folder)).toBe(6)
  })
})

describe('what is told of one', () => {
  test('that its digest is not that of the document', async () => {
    gateway.reply = one({ ...shown, document: { ...document, models: ['aurora-preview', 'boreal'] } })
    expect(await cli('agreement', 'get', id)).toBe(0)
    expect(terminal.stdout).toContain('NOT THE DIGEST OF THE DOCUMENT: do not sign\n')
  })

  test('its clauses, its signatures, what is to come and what is due', async () => {
    const by = {
      name: 'Ada Lind',
      organisation: 'halcyon',
      role: 'developer-admin',
      at: '2026-11-27T00:05:00Z',
    }
    gateway.reply = one({
      ...versioned,
      signatures: [
        { organisation: 'halcyon', kind: 'key', kid: 'kid-1', by, entry: 'entry_1' },
        { organisation: 'cedar', kind: 'attested', kid: 'kid-2', by, entry: 'entry_2' },
      ],
      waits_on: ['ofr'],
    })
    expect(await cli('agreement', 'get', id)).toBe(0)
    for (const text of [
      `agreement  ${id}, effective\n`,
      'between    halcyon, cedar, ofr\n',
      'clauses    quota-1: Quota, enforced\n           notice-1: Retention notice, enforced\n',
      'signed     halcyon: Ada Lind (developer-admin of halcyon), 2026-11-27 00:05 UTC,\n           with the key kid-1\n',
      'waits on   ofr\n',
      `next       version 2, offered, digest\n           ${versioned.next.digest}\n`,
      `compare    sallyport agreement diff ${id}\n`,
      'notice     not acknowledged: no call is admitted yet\n',
      `they run   sallyport agreement acknowledge ${id}\n`,
    ])
      expect(terminal.stdout).toContain(text)
  })
})

describe('what docs/agreements.md says', () => {
  const page = () => readFile('docs/agreements.md', 'utf8')

  test('verifies an export with another library, and finds one changed byte', async () => {
    const parts = await makeParts(documentOf({ parties: documentOf().parties.slice(0, 2) }))
    const { ofr: _, ...signatures } = parts.signatures
    gateway.reply = serving({
      [`/agreements/${id}/export`]: exportOf({ ...parts, signatures } as typeof parts),
    })
    const folder = join(terminal.home, 'exported')
    expect(await cli('agreement', 'export', id, '--to', folder)).toBe(0)
    const program = /```js\n(.*?)```/s.exec(await page())?.[1] ?? ''
    await symlink(join(process.cwd(), 'node_modules'), join(terminal.home, 'node_modules'))
    const verify = () => execute(process.execPath, ['--input-type=module', '-'], folder, program)
    expect(await verify()).toMatchObject({
      code: 0,
      out: expect.stringContaining(`verified ${digestOf(parts.text)}`),
    })
    for (const name of ['agreement.json', 'cedar.jws', 'halcyon.jws']) {
      const bytes = await readFile(join(folder, name))
      for (const place of [Math.floor(bytes.length / 2)]) {
        const changed = Buffer.from(bytes)
        changed[place] = (changed[place] ?? 0) ^ 1
        await writeFile(join(folder, name), changed)
        expect(await verify()).toMatchObject({ code: 1, out: expect.not.stringContaining('verified') })
      }
      await writeFile(join(folder, name), bytes)
    }
  })

  test('names commands and options that there are', async () => {
    const commands = createProgram(terminal).program.commands
    const lines = [
      ...(await page())
        .replaceAll('\\\n', ' ')
        .matchAll(/sallyport (?:--json )?(agreement|person) ([^`\n]*)/g),
    ]
    expect(lines.length).toBeGreaterThan(20)
    for (const [line, noun, rest = ''] of lines) {
      const [first = '', second = ''] = rest.split(' ')
      const verb = commands.find(one => one.name() === noun)?.commands.find(one => one.name() === first)
      const command = verb?.commands.find(one => one.name() === second) ?? verb
      expect(command, line).toBeDefined()
      for (const [option] of rest.matchAll(/--[a-z-]+/g))
        expect(
          command?.options.map(({ long }) => long),
          line,
        ).toContain(option)
    }
  })

  /** In the folder of the export, with the packages of this one. */
  function execute(program: string, args: readonly string[], cwd: string, input: string) {
    return new Promise<{ code: number | null; out: string }>(resolve => {
      const child = spawn(program, args, { cwd })
      let out = ''
      child.stdout.on('data', chunk => (out += chunk))
      child.on('close', code => resolve({ code, out }))
      child.stdin.end(input)
    })
  }
})
