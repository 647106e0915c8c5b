/**
 * An agreement lived on the command line against a running Sallyport: drafted, signed in both ways, told from its exported
 * files alone by another library, followed by a second version, left and closed.
 */
import { createHash, createPublicKey } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import jws from 'jws'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { run } from '../../client/cli/program.ts'
import { at, textAt } from '../../client/json.ts'
import { RecordedTerminal } from '../unit/client/recorded-terminal.ts'
import { openWorld } from '../world/open.ts'
import { type TerminalPeople, terminalPeople } from '../world/terminal-people.ts'
import type { World } from '../world/world.ts'

let world: World
let people: TerminalPeople
let id: string
let digest: string
beforeAll(async () => {
  world = await openWorld()
  people = terminalPeople(world)
  id = await draft()
  digest = await digestOf()
})
afterAll(() => world.close())

const why = ['--reason', 'request', '--text', 'as agreed'] as const
const file = (name: string): string => join(world.data, name)
const agreement = (login: string, ...args: readonly string[]) => people.as(login, 'agreement', ...args)
const get = (login = 'ada') => people.json(login, 'agreement', 'get', id)
const digestOf = async (...path: readonly string[]) => textAt(await get(), ...path, 'digest') ?? ''
const soon = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString()

async function draft(): Promise<string> {
  const told = await people.json(
    'carla',
    ...['agreement', 'draft', '--kind', 'access', '--with', 'cedar', '--third-party', 'ofr'],
    ...['--template', 'sample-access', '--title', 'Access to Aurora', '--model', 'aurora-preview'],
    ...['--starts', soon(-1), '--ends', soon(300), ...why],
  )
  return textAt(told, 'subject', 'id') ?? ''
}

/** By nobody who is signed in anywhere, with no gateway named. */
async function verify(...args: readonly string[]): Promise<{ code: number; out: string }> {
  const terminal = new RecordedTerminal()
  const code = await run(['agreement', 'verify', ...args], terminal)
  return { code, out: terminal.stdout.replaceAll(/\s+/g, ' ') }
}

describe('signing', () => {
  test('a draft is seen by its developer alone, and offered by an administrator there', async () => {
    expect((await agreement('priya', 'get', id)).code).toBe(7)
    expect((await agreement('carla', 'offer', id, ...why)).code).toBe(5)
    expect((await agreement('ada', 'sign', id, '--digest', digest, ...why)).code).toBe(1)
    expect((await agreement('ada', 'offer', id, ...why)).code).toBe(0)
    expect(await get('priya')).toMatchObject({
      state: 'offered',
      digest,
      waits_on: ['halcyon', 'cedar', 'ofr'],
    })
  })

  test('nobody signs what they have not read', async () => {
    const unread = await agreement('priya', 'sign', id, ...why)
    expect(unread).toMatchObject({ code: 2, err: expect.stringContaining(`--digest ${digest}`) })
    expect(unread.err).toContain('  - notice: Who calls, when, for which purpose')
    expect((await agreement('priya', 'sign', id, '--digest', `${digest.slice(0, 42)}_`, ...why)).code).toBe(1)
    expect(await get()).toMatchObject({ signatures: [] })
  })

  test('one signs as the gateway attests, another with a key of their own, once each', async () => {
    expect(await agreement('priya', 'sign', id, '--digest', digest, ...why)).toMatchObject({
      code: 0,
      err: expect.stringContaining(
        `now        halcyon, ofr to sign\nthey run   sallyport agreement sign ${id}\n`,
      ),
    })
    expect((await agreement('priya', 'sign', id, '--digest', digest, ...why)).code).toBe(1)

    const key = file('ada-key.json')
    expect((await people.as('ada', 'person', 'sign-key', 'create', '--out', key)).code).toBe(0)
    const withKey = ['sign', id, '--digest', digest, '--key', key, ...why] as const
    expect(await agreement('ada', ...withKey)).toMatchObject({
      code: 1,
      err: expect.stringContaining('sallyport person sign-key add'),
    })
    expect((await people.as('ada', 'person', 'sign-key', 'add', 'me', '--key', key, ...why)).code).toBe(0)
    expect((await agreement('boris', ...withKey)).code).toBe(1)
    expect((await agreement('ada', ...withKey)).code).toBe(0)
    expect(await get()).toMatchObject({ state: 'offered', waits_on: ['ofr'] })

    expect(await agreement('nora', 'sign', id, '--digest', digest, ...why)).toMatchObject({
      code: 0,
      err: expect.stringContaining('cedar to acknowledge the notice, before the first call'),
    })
    const { kid } = JSON.parse(await readFile(key, 'utf8'))
    expect(await get()).toMatchObject({
      state: 'effective',
      waits_on: [],
      signatures: [
        { organisation: 'cedar', kind: 'attested', by: { name: 'Priya Nair' } },
        { organisation: 'halcyon', kind: 'key', kid, by: { name: 'Ada Lind' } },
        { organisation: 'ofr', kind: 'attested', by: { name: 'Nora Quill' } },
      ],
    })
  })

  test('the counterparty acknowledges the notice, and nobody else', async () => {
    expect((await agreement('ada', 'acknowledge', id, '--digest', digest, ...why)).code).toBe(5)
    expect((await agreement('priya', 'acknowledge', id, '--digest', digest, ...why)).code).toBe(0)
    expect(await get()).toMatchObject({ consented_at: expect.any(String) })
  })
})

describe('the exported files alone', () => {
  const folder = () => file('exported')
  const read = (name: string) => readFile(join(folder(), name))
  beforeAll(async () => {
    expect((await agreement('priya', 'export', id, '--to', folder())).code).toBe(0)
  })

  /** With `jws`, `node:crypto` and the three lines of README.txt: what is wrong, file by file. */
  async function byHand(): Promise<readonly string[]> {
    const document = await read('agreement.json')
    const { keys } = JSON.parse((await read('keys.json')).toString())
    const names = (await readdir(folder())).filter(name => name.endsWith('.jws'))
    const wrong = await Promise.all(
      names.map(async name => {
        const text = (await read(name)).toString('latin1')
        const signed = jws.isValid(text) ? jws.decode(text) : null
        const key = keys.find((one: { kid: string }) => one.kid === signed?.header.kid)
        if (!signed || !key) return [name]
        const pem = createPublicKey({ format: 'jwk', key }).export({ format: 'pem', type: 'spki' }).toString()
        if (!jws.verify(text, 'ES256', pem)) return [name]
        const says =
          signed.header.typ === 'sallyport-agreement+jws'
            ? key.organisation === name.replace('.jws', '') && signed.payload === document.toString()
            : key.organisation === undefined &&
              JSON.parse(signed.payload).digest === createHash('sha256').update(document).digest('base64url')
        return says ? [] : [name]
      }),
    )
    return wrong.flat()
  }

  test('are what the parties signed, to this program and to another library', async () => {
    expect(await byHand()).toEqual([])
    const { code, out } = await verify(folder(), '--digest', digest)
    expect({ code, out }).toMatchObject({
      code: 0,
      out: expect.stringContaining('verified every signature, over these very bytes'),
    })
    expect(out).toContain('cedar: Priya Nair (partner-admin)')
    expect(out).toContain('the keys came with the files')
    expect(
      (
        await verify(
          folder(),
          '--digest',
          digest.replace(/^./, one => (one === 'A' ? 'B' : 'A')),
        )
      ).code,
    ).toBe(6)
  })

  test('with one byte changed, anywhere, are found out by both', async () => {
    const names = ['agreement.json', 'cedar.jws', 'halcyon.jws', 'ofr.jws']
    for (const name of names) {
      const bytes = await read(name)
      const dots = [...bytes].flatMap((byte, i) => (byte === 0x2e && name.endsWith('.jws') ? [i] : []))
      const middle = Math.floor(bytes.length / 2)
      // In the document; else in the header, at each dot, in the payload and in the signature.
      const places =
        name === 'agreement.json' ? [0, middle, bytes.length - 1] : [0, 10, ...dots, middle, bytes.length - 9]
      for (const place of places) {
        const changed = Buffer.from(bytes)
        changed[place] = (changed[place] ?? 0) ^ 1
        await writeFile(join(folder(), name), changed)
        const { code, out } = await verify(folder())
        expect({ name, place, code }).toEqual({ name, place, code: 6 })
        // Another document may be told by the signatures that are not over it.
        expect(out).toContain(name === 'agreement.json' ? 'WRONG ' : `WRONG ${name}: `)
        expect(await byHand(), `${name} ${place}`).not.toEqual([])
      }
      await writeFile(join(folder(), name), bytes)
    }
    expect(await byHand()).toEqual([])
    expect((await verify(folder())).code).toBe(0)
  })

  test('are verified by keys that came by another way', async () => {
    const answer = await fetch(`${world.issuer}/api/v1/keys`)
    expect(answer.status).toBe(200)
    await writeFile(file('keys.json'), await answer.text())
    expect((await verify(folder(), '--keys', file('keys.json'))).code).toBe(6)
    const told = await people.as('ada', 'person', 'sign-key', 'public', '--key', file('ada-key.json'))
    expect(JSON.parse(told.out)).not.toHaveProperty('d')
    await writeFile(file('ada.json'), told.out)
    const pins = ['--keys', file('keys.json'), `halcyon=${file('ada.json')}`] as const
    expect(await verify(folder(), ...pins)).toMatchObject({
      code: 0,
      out: expect.stringContaining('the keys are those that you named'),
    })
    expect((await verify(folder(), '--keys', file('keys.json'), `cedar=${file('ada.json')}`)).code).toBe(6)
  })
})

describe('a second version', () => {
  test('is drafted, compared, declined, and replaces the first once all have signed', async () => {
    const template = await people.json('carla', 'agreement', 'templates', 'sample-access')
    const clauses = (at(template, 'clauses') as { kind: string; terms: object }[]).map(one =>
      one.kind === 'destruction' ? { ...one, terms: { days: 14 } } : one,
    )
    await writeFile(file('clauses.json'), JSON.stringify({ clauses }))
    const change = expect.stringContaining('\nclauses[destruction-1].terms.days\n  - 30\n  + 14\n')
    expect(await agreement('carla', 'draft', id, '--from', file('clauses.json'), ...why)).toMatchObject({
      code: 0,
      out: change,
      err: expect.stringContaining('An administrator of yours offers it:'),
    })
    expect(await agreement('carla', 'diff', id)).toMatchObject({ code: 0, out: change })
    expect((await agreement('priya', 'diff', id)).code).toBe(7)
    expect((await agreement('ada', 'offer', id, ...why)).code).toBe(0)
    expect((await agreement('priya', 'return', id, ...why)).code).toBe(0)
    expect((await agreement('ada', 'offer', id, ...why)).code).toBe(0)
    const next = await digestOf('next')
    for (const login of ['priya', 'nora', 'ada'])
      expect((await agreement(login, 'sign', id, '--digest', next, ...why)).code).toBe(0)
    expect(await get('priya')).toMatchObject({
      digest: next,
      terms_version: 2,
      next: null,
      previous: { digest },
      consented_at: expect.any(String),
    })
    expect(await people.json('priya', 'agreement', 'versions', id)).toMatchObject([
      { terms_version: 2, digest: next },
      { terms_version: 1, digest },
    ])
    expect((await agreement('priya', 'export', id, '--digest', digest, '--to', file('first'))).code).toBe(0)
    expect((await verify(file('first'), '--digest', digest)).code).toBe(0)
  })
})

describe('the end', () => {
  test('of a suspension takes both, of the agreement its partner alone, and of all an attestation', async () => {
    expect((await agreement('nora', 'suspend', id, ...why)).code).toBe(0)
    expect((await agreement('nora', 'ratify', id)).code).toBe(5)
    expect((await agreement('ada', 'resume', id, ...why)).code).toBe(5)
    expect((await agreement('ada', 'reinstate', id, ...why)).code).toBe(3)
    const open = await people.json('nora', 'proposal', 'list', '--mine')
    const about = (open as unknown[]).find(one => textAt(one, 'subject', 'id') === id)
    expect((await people.as('nora', 'proposal', 'approve', textAt(about, 'id') ?? '', '--yes')).code).toBe(0)

    expect((await agreement('priya', 'attest', id, '--attestation', 'x', ...why)).code).toBe(1)
    expect((await agreement('ada', 'leave', id, `--confirm=${id}`, ...why)).code).toBe(5)
    expect((await agreement('priya', 'leave', id, ...why)).code).toBe(2)
    expect(await agreement('priya', 'leave', id, `--confirm=${id}`, ...why)).toMatchObject({
      code: 0,
      err: expect.stringMatching(/cedar to attest by 20\d\d-.* UTC that what it had is destroyed/),
    })
    expect((await agreement('ada', 'close', id, ...why)).code).toBe(1)
    const words = 'All that came from the model is destroyed.'
    expect((await agreement('priya', 'attest', id, '--attestation', words, ...why)).code).toBe(0)
    expect((await agreement('ada', 'close', id, ...why)).code).toBe(0)
    expect(await agreement('ada', 'get', id)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/closed\n.*ended {6}left by Priya Nair.*destroyed {2}“All that came/s),
    })
  })
})

test('tables of agreements fit 80 columns', async () => {
  for (const args of [['list'], ['get', id], ['versions', id], ['diff', id], ['clauses'], ['templates']]) {
    const { code, out } = await agreement('ada', ...args)
    expect({ args, code }).toEqual({ args, code: 0 })
    for (const line of out.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80)
  }
})
