/** `sallyport witness serve` as processes, asked over HTTP by a log that grows, forks, goes back, and asks too often. */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { chmod, copyFile, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { run } from '../../client/cli/program.ts'
import { type LogKey, openLogKey } from '../../functions/sequencer/log-key.ts'
import { publish } from '../../functions/sequencer/published.ts'
import { witnessPublished } from '../../functions/sequencer/witnessed.ts'
import { openFileObjects } from '../../shared/adapters/embedded/file-objects.ts'
import { openFileSigner } from '../../shared/adapters/embedded/file-signer.ts'
import { openSqliteStore } from '../../shared/adapters/embedded/sqlite-store.ts'
import { createHttp } from '../../shared/adapters/http.ts'
import { systemClock } from '../../shared/adapters/world.ts'
import { indexes, keys } from '../../shared/domain/keys.ts'
import type { Objects } from '../../shared/ports/objects.ts'
import { formatSubmission } from '../../shared/tlog/add-checkpoint.ts'
import { formatCheckpoint, parseCheckpoint } from '../../shared/tlog/checkpoint.ts'
import { cosignedBy } from '../../shared/tlog/cosignature.ts'
import {
  formatNote,
  formatVerifierKey,
  keyType,
  parseNote,
  parseVerifierKey,
  type VerifierKey,
} from '../../shared/tlog/note.ts'
import { RecordedTerminal } from '../unit/client/recorded-terminal.ts'
import { leafHashes, mth, proof, sha256, tilesOf, utf8 } from '../unit/tlog/naive-tree.ts'
import { type Started, start } from '../world/process.ts'

const origin = 'example.com/log'
const leaves = leafHashes(600)
/** Another tree from leaf 7 on. */
const fork = [...leaves.slice(0, 7), ...leafHashes(1_200).slice(607)]

let folder: string
let log: { readonly vkey: string; readonly id: string; readonly privateKey: KeyObject }
let running: Started[]
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-witness-'))
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url')
  const vkey = await formatVerifierKey(origin, keyType.ed25519, raw)
  log = { vkey, id: (await parseVerifierKey(vkey)).id, privateKey }
  running = []
})
afterEach(async () => {
  await Promise.all(running.map(one => one.kill()))
  await rm(folder, { recursive: true })
})

interface Witness {
  readonly started: Started
  readonly url: string
  readonly vkey: string
  readonly key: VerifierKey
}

function serve(...options: readonly string[]): Started {
  const started = start({}, [process.execPath, 'client/cli/main.ts', 'witness', 'serve', ...options])
  running.push(started)
  return started
}
const files = (name = 'w1'): readonly string[] => [
  ...['--state', join(folder, `${name}.state.json`)],
  ...['--key', join(folder, `${name}.key.json`)],
  ...['--listen', '127.0.0.1:0'],
]
async function witness(name = 'w1', ...options: readonly string[]): Promise<Witness> {
  return ready(serve(...files(name), ...(options.length > 0 ? options : ['--log', log.vkey])))
}
async function ready(started: Started): Promise<Witness> {
  const [, url = '', vkey = ''] = (await started.line(/^ready /)).split(' ')
  return { started, url, vkey, key: await parseVerifierKey(vkey) }
}

function signed(size: number, tree = leaves): string {
  const text = formatCheckpoint({ origin, size, root: mth(tree.slice(0, size)) })
  return formatNote({
    text,
    signatures: [{ name: origin, id: log.id, bytes: sign(null, utf8(text), log.privateKey) }],
  })
}

async function submit({ url }: Pick<Witness, 'url'>, older: number, newer: number, tree = leaves) {
  const hashes = older === 0 || older === newer ? [] : proof(older, tree.slice(0, newer))
  const body = formatSubmission({ older, proof: hashes, checkpoint: signed(newer, tree) })
  const response = await fetch(`${url}/add-checkpoint`, { method: 'POST', body })
  return { status: response.status, type: response.headers.get('content-type'), body: await response.text() }
}
const statusOf = async (...args: Parameters<typeof submit>): Promise<number> => (await submit(...args)).status

/** Whether what came back is this witness's word for that tree. */
async function vouches({ key }: Witness, line: string, size: number, tree = leaves): Promise<boolean> {
  const { text } = parseNote(signed(size, tree))
  const { signatures } = parseNote(`${text}\n${line}`)
  return (await cosignedBy({ text, signatures }, [key])).length === 1
}

/** A start that comes to nothing needs no process of its own. */
async function refused(
  ...options: readonly string[]
): Promise<{ readonly code: number; readonly err: string }> {
  const terminal = new RecordedTerminal()
  const code = await run(['witness', 'serve', ...options], terminal)
  return { code, err: terminal.stderr }
}

describe('a witness over HTTP', () => {
  test('cosigns a tree that grows, and says so in the form of the specification', async () => {
    const one = await witness('w1', '--log', log.vkey, '--name', 'witness.example/w1')
    expect(one.key).toMatchObject({ name: 'witness.example/w1', type: keyType.cosignature })
    let older = 0
    for (const size of [1, 7, 256, 600]) {
      const { status, body } = await submit(one, older, size)
      expect([status, body]).toEqual([
        200,
        expect.stringMatching(/^— witness\.example\/w1 [A-Za-z0-9+/]{102}==\n$/),
      ])
      expect(await vouches(one, body, size)).toBe(true)
      older = size
    }
    const [cosigned] = await cosignedBy(parseNote(await (await latest(one)).text()), [one.key])
    expect(Math.abs((cosigned?.at ?? 0) - Date.now() / 1000)).toBeLessThan(60)
  })

  const latest = ({ url }: Witness, of = origin) =>
    fetch(`${url}/${Buffer.from(sha256(utf8(of))).toString('hex')}/checkpoint`)

  test('shows its key, and the latest checkpoint of a log with both signatures', async () => {
    const one = await witness()
    expect(await (await fetch(one.url)).text()).toBe(`${one.vkey}\n`)
    expect((await latest(one)).status).toBe(404)
    await submit(one, 0, 9)
    const note = parseNote(await (await latest(one)).text())
    expect(parseCheckpoint(note.text)).toMatchObject({ origin, size: 9 })
    expect(note.signatures.map(({ name }) => name)).toEqual([origin, one.key.name])
    expect((await latest(one, 'example.com/other')).status).toBe(404)
  })

  test('refuses a split view: another tree of the same size, and one that grew from it', async () => {
    const one = await witness()
    expect(await statusOf(one, 0, 9)).toBe(200)
    expect(await statusOf(one, 9, 9, fork)).toBe(422)
    expect(await statusOf(one, 9, 20, fork)).toBe(422)
    expect(await submit(one, 0, 20, fork)).toMatchObject({
      status: 409,
      body: '9\n',
      type: 'text/x.tlog.size',
    })
    // The part that is the same is no way into it: that was cosigned before.
    expect(await submit(one, 7, 20, fork)).toMatchObject({ status: 409, body: '9\n' })
    expect(await statusOf(one, 9, 20)).toBe(200)
    // Both notes are kept: with them anybody can show that the log told two stories.
    const state = JSON.parse(await readFile(join(folder, 'w1.state.json'), 'utf8'))
    expect(state.logs).toMatchObject([{ contradiction: signed(9, fork) }])
    await expect
      .poll(() => one.started.err.join('\n'))
      .toContain('example.com/log has signed two trees of 9 leaves.')
  })

  test('refuses a rollback', async () => {
    const one = await witness()
    await submit(one, 0, 20)
    for (const older of [0, 7, 9])
      expect(await submit(one, older, 9)).toMatchObject({ status: 409, body: '20\n' })
  })

  test('refuses what is no request, whose log it does not know, and what nobody asks it', async () => {
    const one = await witness()
    const post = (body: string | Buffer, path = '/add-checkpoint') =>
      fetch(one.url + path, { method: 'POST', body: new Uint8Array(Buffer.from(body)) }).then(
        ({ status }) => status,
      )
    expect(await post('')).toBe(400)
    expect(await post(Buffer.of(0xff, 0xfe))).toBe(400)
    expect(await post(`old 0\n\n${signed(5).replace(origin, 'example.com/other')}`)).toBe(404)
    expect(await post(`old 0\n\n${signed(5).replace(/\n5\n/, '\n6\n')}`)).toBe(403)
    expect(await post('x'.repeat(200_000))).toBe(413)
    expect(await post('', '/sign-subtree')).toBe(404)
    expect(await post('', '/')).toBe(405)
    expect((await fetch(`${one.url}/add-checkpoint`)).status).toBe(405)
    await expect(post(Buffer.alloc(8 << 20))).rejects.toThrow()
    expect(await statusOf(one, 0, 5)).toBe(200)
  })
})

describe('what a witness has seen', () => {
  test('it still knows after a kill -9, under the same key', async () => {
    const before = await witness()
    await submit(before, 0, 9)
    await before.started.kill()
    const after = await witness()
    expect(after.vkey).toBe(before.vkey)
    expect(await submit(after, 0, 20, fork)).toMatchObject({ status: 409, body: '9\n' })
    expect(await statusOf(after, 9, 20, fork)).toBe(422)
    expect(await statusOf(after, 9, 20)).toBe(200)
  })

  test('is one tree, whoever races: of twenty requests of two forks at once, one fork is cosigned', async () => {
    const one = await witness()
    await submit(one, 0, 7)
    const racing = Array.from({ length: 20 }, (_, i) => ({ size: 8 + (i >> 1), tree: i % 2 ? fork : leaves }))
    const answers = await Promise.all(
      racing.map(async ({ size, tree }) => ({ size, tree, ...(await submit(one, 7, size, tree)) })),
    )
    const cosigned = answers.filter(({ status }) => status === 200)
    // All began at the same size, and whoever was first moved it.
    expect(cosigned).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(19)
    for (const { body, size, tree } of cosigned) expect(await vouches(one, body, size, tree)).toBe(true)
  })

  test('is one tree, however often it is killed while it answers', async () => {
    const told: { readonly size: number; readonly tree: typeof leaves }[] = []
    let size = 7
    const first = await witness()
    expect(await statusOf(first, 0, size)).toBe(200)
    await first.started.kill()
    for (let round = 0; round < 5; round++) {
      const one = await witness()
      const learned = Number((await submit(one, 0, 8)).body)
      expect(learned).toBeGreaterThanOrEqual(size)
      size = learned
      const asked = Array.from({ length: 12 }, async (_, i) => {
        const tree = i % 2 ? fork : leaves
        const { status } = await submit(one, size, size + 1 + i, tree).catch(() => ({ status: 0 }))
        if (status === 200) told.push({ size: size + 1 + i, tree })
      })
      await new Promise(resolve => setTimeout(resolve, round * 4))
      await one.started.kill()
      await Promise.all(asked)
    }
    expect(new Set(told.map(({ tree }) => tree)).size).toBeLessThanOrEqual(1)
    // What was told is still known.
    const last = await witness()
    const known = Number((await submit(last, 0, 8)).body)
    for (const { size } of told) expect(size).toBeLessThanOrEqual(known)
  })

  test('belongs to one process: a second one does not start, by another name of the file neither', async () => {
    await witness()
    await symlink(join(folder, 'w1.state.json'), join(folder, 'other.json'))
    const state = (path: string) => ['--state', path, '--key', join(folder, 'w1.key.json'), '--log', log.vkey]
    for (const path of ['w1.state.json', 'other.json'])
      expect(await refused(...state(join(folder, path)))).toMatchObject({
        code: 1,
        err: expect.stringContaining('state_in_use'),
      })
  })

  test('cannot be put back under a witness that runs', async () => {
    const one = await witness()
    const state = join(folder, 'w1.state.json')
    await submit(one, 0, 7)
    await copyFile(state, join(folder, 'copy.json'))
    await submit(one, 7, 9)
    await copyFile(join(folder, 'copy.json'), state)
    expect(await statusOf(one, 9, 20)).toBe(500)
    await expect.poll(() => one.started.err.join('\n')).toContain('was changed by somebody else')
  })

  test.each([
    ['is lost', 'state_missing', (state: string) => rm(state)],
    [
      'is cut short',
      'state_malformed',
      async (state: string) => writeFile(state, (await readFile(state)).subarray(0, 90)),
    ],
    [
      'says less than was cosigned',
      'state_malformed',
      async (state: string) =>
        writeFile(state, (await readFile(state, 'utf8')).replace('\\n9\\n', '\\n7\\n')),
    ],
    ['is for others to read', 'file_exposed', (state: string) => chmod(state, 0o644)],
  ])('%s: it does not begin anew (%s)', async (_, code, spoil) => {
    const one = await witness()
    await submit(one, 0, 9)
    await one.started.kill()
    await spoil(join(folder, 'w1.state.json'))
    expect((await refused(...files(), '--log', log.vkey)).err).toContain(code)
  })
})

describe('the key of a witness', () => {
  test('is made in a file of mode 0600, and refused once others can read it', async () => {
    const one = await witness()
    const key = join(folder, 'w1.key.json')
    expect((await stat(key)).mode & 0o777).toBe(0o600)
    await one.started.kill()
    await chmod(key, 0o640)
    const { code, err } = await refused(...files(), '--log', log.vkey)
    expect([code, err]).toEqual([4, expect.stringContaining('file_exposed')])
    expect(err + one.started.err.join() + one.started.out.join()).not.toContain(
      JSON.parse(await readFile(key, 'utf8')).d,
    )
  })

  test('goes with its own memory only, and keeps its name', async () => {
    for (const name of ['w1', 'w2']) await (await witness(name)).started.kill()
    const [state, key] = [join(folder, 'w1.state.json'), join(folder, 'w2.key.json')]
    expect((await refused('--state', state, '--key', key, '--log', log.vkey)).err).toContain('state_foreign')
    expect((await refused(...files(), '--log', log.vkey, '--name', 'else.example')).err).toContain(
      'option_invalid',
    )
    expect((await refused(...files('w3'), '--log', log.vkey, '--name', 'a b')).err).toContain(
      'option_invalid',
    )
  })

  test('that is lost is not replaced while there is a memory of what it cosigned', async () => {
    const one = await witness()
    await submit(one, 0, 9)
    await one.started.kill()
    await rm(join(folder, 'w1.key.json'))
    expect((await refused(...files(), '--log', log.vkey)).err).toContain('key_missing')
  })

  test('that never cosigned begins a state when somebody says so', async () => {
    const one = await witness()
    await one.started.kill()
    await rm(join(folder, 'w1.state.json'))
    const again = await witness('w1', '--log', log.vkey, '--unused-key')
    expect(again.vkey).toBe(one.vkey)
  })
})

describe('the logs of a witness', () => {
  test('have to be named, by keys of logs', async () => {
    const own = (await witness()).vkey
    expect((await refused(...files('w2'))).err).toContain('option_missing')
    for (const wrong of ['nothing', own, log.vkey.replace(/\+.{8}\+/, '+00000000+')])
      expect((await refused(...files('w2'), '--log', wrong)).err).toContain('option_invalid')
  })

  test('may be named by address: the key is asked for once, shown, and kept', async () => {
    let told = ''
    let asked = 0
    const server = createServer((request, response) => {
      asked += request.url === '/log/vkey' ? 1 : 0
      response.end(`${told}\n`)
    }).listen(0, '127.0.0.1')
    await new Promise(resolve => server.once('listening', resolve))
    try {
      const address = `127.0.0.1:${(server.address() as AddressInfo).port}/log`
      const raw = (await parseVerifierKey(log.vkey)).publicKey
      const url = ['--log-url', `http://${address}/`]
      // Who serves an address may not speak for another log.
      told = log.vkey
      expect((await refused(...files(), ...url)).err).toContain('calls itself example.com/log')
      told = await formatVerifierKey(address, keyType.ed25519, raw)
      const one = await witness('w1', ...url)
      expect(one.started.err.join('\n')).toContain(told)
      await one.started.kill()
      told = await formatVerifierKey(
        address,
        keyType.ed25519,
        raw.map(byte => byte ^ 1),
      )
      const again = await witness('w1', ...url)
      expect([again.started.err, asked]).toEqual([[], 2])
    } finally {
      server.close()
    }
  })
})

describe('a log that has witnesses', () => {
  let objects: Objects
  let logKey: LogKey
  const http = createHttp()
  let alarms: string[]
  let close: () => void
  let asking: (...witnesses: readonly Pick<Witness, 'url' | 'key'>[]) => Promise<void>
  let refusedBy: (name: string) => Promise<unknown>

  beforeEach(async () => {
    const store = openSqliteStore(':memory:', Object.values(indexes))
    alarms = []
    close = () => store.close()
    await open('bucket')
    asking = (...witnesses) =>
      witnessPublished({
        ...{ store, http, clock: systemClock, objects, logKey, witnesses },
        telemetry: {
          count() {},
          error() {},
          alarm: (_, fields) => alarms.push(`${fields.witness} ${fields.status}`),
        },
        witnessPatienceMs: 3_000,
        witnessRestMs: 0,
      })
    refusedBy = async name => (await store.get([keys.logWitness(name)]))[0]?.refused
  })
  afterEach(() => close())

  /** Of the same key: as after a restore, or beside it. */
  async function open(name: string): Promise<void> {
    objects = await openFileObjects(join(folder, name))
    const signer = await openFileSigner(join(folder, 'log.key.json'), 'Ed25519')
    logKey = await openLogKey(objects, 'https://gateway.example', signer)
  }
  async function grow(size: number, tree = leaves): Promise<void> {
    for (const [path, bytes] of tilesOf(tree.slice(0, size)))
      await objects.put(`log/${path}`, bytes, { ifAbsent: true })
    const text = formatCheckpoint({ origin: logKey.origin, size, root: mth(tree.slice(0, size)) })
    await publish({ objects, logKey }, await logKey.sign(text))
  }
  const note = async () =>
    parseNote(Buffer.from((await objects.get('log/checkpoint'))?.bytes ?? []).toString())
  const cosigners = async (...witnesses: readonly Witness[]) =>
    (
      await cosignedBy(
        await note(),
        witnesses.map(({ key }) => key),
      )
    ).map(({ witness }) => witness)

  test('has each checkpoint cosigned by those that are there, and one that comes back catches up', async () => {
    const [one, two] = await Promise.all([
      witness('w1', '--log', logKey.verifierKey, '--name', 'one.example'),
      witness('w2', '--log', logKey.verifierKey, '--name', 'two.example'),
    ])
    await grow(5)
    await asking(one, two)
    expect(await cosigners(one, two)).toEqual(['one.example', 'two.example'])
    await two.started.kill()
    for (const size of [300, 301]) {
      await grow(size)
      await asking(one, two)
      expect(await cosigners(one, two)).toEqual(['one.example'])
    }
    expect(await refusedBy('two.example')).toMatchObject({ status: 0 })
    expect(alarms).toEqual([])
    const back = await witness('w2', '--log', logKey.verifierKey)
    await asking(one, back)
    expect(await cosigners(one, back)).toEqual(['one.example', 'two.example'])
    expect(await refusedBy('two.example')).toBeUndefined()
    expect(logKey.open(Buffer.from((await objects.get('log/checkpoint'))?.bytes ?? []).toString()).size).toBe(
      301,
    )
  })

  test('that tells others another story is found out: an alarm, and no cosignature', async () => {
    const one = await witness('w1', '--log', logKey.verifierKey, '--name', 'one.example')
    await grow(20)
    await asking(one)
    for (const [bucket, size] of [
      ['same-size', 20],
      ['grown', 300],
    ] as const) {
      await open(bucket)
      await grow(size, fork)
      await asking(one)
      expect(await cosigners(one)).toEqual([])
    }
    expect(alarms).toEqual(['one.example 422', 'one.example 422'])
    await open('rolled-back')
    await grow(9)
    await asking(one)
    expect(await cosigners(one)).toEqual([])
    expect(alarms.slice(2)).toEqual(['one.example 409'])
    expect(await refusedBy('one.example')).toMatchObject({
      status: 409,
      detail: 'it has cosigned a tree of 20, and this log has one of 9',
    })
  })

  test('takes nothing that is signed by another key than the one that it was given', async () => {
    const [one, two] = await Promise.all([
      witness('w1', '--log', logKey.verifierKey, '--name', 'one.example'),
      witness('w2', '--log', logKey.verifierKey, '--name', 'one.example'),
    ])
    await grow(5)
    await asking({ url: two.url, key: one.key })
    expect((await note()).signatures.map(({ name }) => name)).toEqual([logKey.origin])
    expect(alarms).toEqual(['one.example 200'])
  })
})
