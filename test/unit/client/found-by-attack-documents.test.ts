/** Documents and keys that were made to deceive whoever reads, compares or verifies them. */
import { execFileSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeEach, describe, expect, test } from 'vitest'
import { agreementText, parseDocument } from '../../../client/cli/agreement-text.ts'
import { exit, Failure, renderFailure } from '../../../client/cli/failure.ts'
import { run } from '../../../client/cli/program.ts'
import { type AgreementDocument, differenceOf, documentText } from '../../../shared/agreements/document.ts'
import { attest, documentOf, makeKey, makeParts, signDocument } from './agreement-files.ts'
import { RecordedTerminal } from './recorded-terminal.ts'

const document = documentOf()
const [quota, ...others] = document.clauses
if (quota === undefined) throw new Error('no clause')
const parsed = (changed: object) => parseDocument(Buffer.from(documentText({ ...document, ...changed })))

describe('a document', () => {
  test('with two clauses of one id is none: a comparison would show the last of them alone', () => {
    const doubled = [{ ...quota, text: 'Everything is allowed.' }, quota, ...others]
    expect(parsed({ clauses: doubled })).toBeTypeOf('string')
    expect(parsed({ clauses: document.clauses })).toBeTypeOf('object')
  })

  test('with one party twice is none', () => {
    expect(parsed({ parties: [...document.parties, document.parties[0]] })).toBeTypeOf('string')
  })

  test('whose party stands for something unknown is none, and steers no terminal', () => {
    const [first, ...rest] = document.parties
    const parties = [{ ...first, as: '\u001b[2Jmodels     all\n' }, ...rest]
    const read = parsed({ parties })
    expect(read).toBeTypeOf('string')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is looked for
    expect(agreementText({ ...document, parties } as AgreementDocument, 'x')).not.toMatch(/\u001b/)
  })

  test('is compared by what is its own, whatever its clauses are called', () => {
    const named = (id: string) => ({
      ...document,
      clauses: [...document.clauses, { id, kind: 'named-use' as const, text: 'x', terms: {} }],
    })
    for (const id of ['constructor', '__proto__', 'valueOf'])
      expect(differenceOf(document, named(id)), id).toMatchObject([
        { path: `clauses[${id}]`, from: null, to: { id } },
      ])
  })
})

describe('agreement verify', () => {
  let terminal: RecordedTerminal
  let folder: string
  beforeEach(async () => {
    terminal = new RecordedTerminal()
    folder = join(terminal.home, 'export')
    await mkdir(folder)
  })

  const files = async (written: Readonly<Record<string, string>>) => {
    for (const [name, content] of Object.entries(written)) await writeFile(join(folder, name), content)
  }

  test('takes a key for that of whom it was pinned to, whoever the file says', async () => {
    const parts = await makeParts()
    // Cedar makes the signature of halcyon, and hands out a key of its own that says to be halcyon’s.
    const forger = makeKey()
    await files({
      'agreement.json': parts.text,
      'halcyon.jws': await signDocument(forger, document),
      'cedar.jws': await signDocument(forger, document),
      'ofr.jws': parts.signatures.ofr,
    })
    const pin = async (party: string, key: object) =>
      `${party}=${await terminal.file(`${party}-key.json`, key)}`
    const pins = [
      await pin('ofr', parts.keys.ofr.publicJwk),
      await pin('cedar', {
        keys: [
          { ...forger.publicJwk, organisation: 'halcyon' },
          { ...forger.publicJwk, organisation: 'cedar' },
        ],
      }),
    ]
    const code = await run(['agreement', 'verify', folder, '--keys', ...pins], terminal)
    expect(code).not.toBe(0)
    expect(terminal.stdout).not.toContain('halcyon: with its own key')
  })

  test('takes one key alone for that of nobody who could state what others signed', async () => {
    const parts = await makeParts()
    const forger = makeKey()
    const states = (organisation: string) => attest(forger, document, { organisation })
    await files({
      'agreement.json': parts.text,
      'halcyon.jws': await states('halcyon'),
      'cedar.jws': await states('cedar'),
      'ofr.jws': await states('ofr'),
    })
    // As `person sign-key public` prints it, and `cedar=` forgotten before it.
    const own = await terminal.file('cedar.json', { ...forger.publicJwk, kid: forger.signer.kid })
    expect(await run(['agreement', 'verify', folder, '--keys', own], terminal)).not.toBe(0)
    expect(terminal.stdout).not.toContain('every signature')
  })

  test('reads plain files alone: a pipe in the folder holds up nobody', async () => {
    const parts = await makeParts()
    const pipe = join(folder, 'halcyon.jws')
    await files({ 'agreement.json': parts.text, 'keys.json': JSON.stringify(parts.jwks) })
    execFileSync('mkfifo', [pipe])
    const verified = run(['agreement', 'verify', folder], terminal)
    const first = await Promise.race([verified, sleep(2_000, 'it waits')])
    // Lets go of the reader, so that the failure of this test is no hang.
    if (first === 'it waits') await writeFile(pipe, '')
    expect(first).not.toBe('it waits')
    expect(await verified).not.toBe(0)
  })
})

test('an error that is told as JSON steers no terminal either', () => {
  // An eight-bit control sequence introducer, and a turn of the direction of what follows.
  const hostile = 'A\u009b2Jgone\u202ereversed'
  const told = renderFailure(new Failure(exit.failed, hostile, { next: hostile }), true)
  expect(told).not.toMatch(/[\u0080-\u009f\u202e]/)
  expect(JSON.parse(told)).toMatchObject({ error: { message: hostile, next: hostile } })
})
