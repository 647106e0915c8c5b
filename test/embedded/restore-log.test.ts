/** A database that is older than the log: nothing is published until they agree again, and nothing of the tree is lost. */
import { copyFile, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createEpochs } from '../../functions/log-epoch.ts'
import { readConfig } from '../../scripts/embedded/config.ts'
import { openSallyport, type Sallyport } from '../../scripts/embedded/sallyport.ts'
import { openLocalSecrets } from '../../shared/adapters/embedded/local-secrets.ts'
import { systemRandom } from '../../shared/adapters/world.ts'
import { keys } from '../../shared/domain/keys.ts'
import type { Entry } from '../../shared/entries/entry.ts'
import { outcomeId, timeOfEntry } from '../../shared/entries/id.ts'
import type { Store } from '../../shared/ports/store.ts'
import { epochAt } from '../../shared/watermark/epoch.ts'
import { bind } from '../../shared/watermark/slots.ts'
import { readPublishedLog } from '../crash/published-log.ts'
import { type EmbeddedWorld, openEmbedded, quiet } from '../world/embedded.ts'
import { deciding } from '../world/governance.ts'

const leaseMs = 3_000
let world: EmbeddedWorld
let alarms: { readonly name: string; readonly why?: string }[]

beforeEach(async () => {
  alarms = []
  world = await openEmbedded({ config: { leaseMs } })
  running.add(world.sallyport)
})
afterEach(async () => {
  if (running.delete(world.sallyport)) return world.close()
  for (const one of running) await stop(one)
  await world.upstream.close()
  await rm(world.data, { recursive: true })
})

/** What has been opened and not closed. */
const running = new Set<Sallyport>()
async function stop(sallyport: Sallyport): Promise<void> {
  running.delete(sallyport)
  await sallyport.close(0)
}

const file = (): string => join(world.data, 'sallyport.db')

function copyDatabase(): string {
  const copy = join(world.data, 'copy.db')
  const live = new DatabaseSync(file())
  live.prepare('VACUUM INTO ?').run(copy)
  live.close()
  return copy
}

async function putBack(copy: string): Promise<void> {
  await copyFile(file(), join(world.data, 'newest.db'))
  for (const end of ['', '-wal', '-shm']) await rm(file() + end, { force: true })
  await copyFile(copy, file())
}

async function openAgain(): Promise<Sallyport> {
  const telemetry = { ...quiet, alarm: (name: string, facts: object) => void alarms.push({ name, ...facts }) }
  const port = Number(new URL(world.issuer).port)
  const again = await openSallyport({ ...readConfig({}), data: world.data, port, leaseMs }, { telemetry })
  running.add(again)
  return again
}

/** By their ids, of the file as it stands. */
function entriesIn(path: string): ReadonlyMap<string, Entry> {
  const database = new DatabaseSync(path, { readOnly: true })
  const rows = database.prepare("SELECT pk, body FROM entries WHERE pk LIKE 'entry_%'").all()
  database.close()
  return new Map(rows.map(({ pk, body }) => [String(pk), JSON.parse(String(body)) as Entry]))
}

async function settled(store: Store): Promise<number> {
  for (;;) {
    const [state] = await store.get([keys.logState])
    if (state && state.finished === state.staged && waiting() === 0) return state.size
    await new Promise(resolve => setTimeout(resolve, 100))
  }
}

const waiting = (): number =>
  [...entriesIn(file()).values()].filter(({ pending }) => pending !== undefined).length

const published = () =>
  readPublishedLog(path =>
    readFile(join(world.data, 'bucket', 'objects', 'log', path)).catch(() => undefined),
  )

const operate = (...args: readonly string[]): Promise<string> =>
  world.operate('restore-log', ...args).then(
    ({ stdout }) => stdout,
    (error: { stderr: string }) => error.stderr,
  )

/** Whether each leaf is the one that follows from the entry that the table has in its place. */
async function leavesOfEntries(store: Store): Promise<readonly string[]> {
  const secrets = await openLocalSecrets(join(world.data, 'keys', 'roots'), systemRandom)
  const epochs = createEpochs({ store, secrets, origin: 'another', slots: 4 })
  const leaves: string[] = []
  for (const [eid, entry] of entriesIn(file()))
    if (entry.i !== undefined) {
      const { leaf } = bind(await epochs(epochAt(timeOfEntry(eid))), eid, entry)
      leaves[entry.i] = Buffer.from(leaf).toString('hex')
    }
  return leaves
}

/** What stays of an entry, whatever waits for it. */
const lasting = ({ pending: _, open: __, exp: ___, ...entry }: Entry): object =>
  Object.fromEntries(Object.entries(entry).sort(([a], [b]) => (a < b ? -1 : 1)))

test('the log stands still and says so, calls are recorded, and restored it goes on as the same tree', async () => {
  const cedar = world.raw('cedar')
  await cedar.chat()
  await world.script({ pace_ms: 300, tokens: 5, times: 1 })
  const streamed = cedar.chat({ stream: true })
  while (Object.keys((await world.meter('cedar')).leases).length === 0) await new Promise(setImmediate)
  const [call = ''] = Object.keys((await world.meter('cedar')).leases)
  const copy = copyDatabase()
  await (await streamed).text()
  for (let n = 0; n < 3; n++) await cedar.chat()
  const size = await settled(world.store)
  const before = await published()
  expect([before.faults, before.leaves.length]).toEqual([[], size])
  expect(await operate('--yes')).toContain('is in use by another Sallyport')
  await stop(world.sallyport)
  await putBack(copy)

  const again = await openAgain()
  const { store } = again
  const people = deciding(world)
  const late = await cedar.chat()
  expect(late.status).toBe(200)
  const lateEntry = late.headers.get('x-sallyport-entry') ?? ''
  await expect
    .poll(() => alarms)
    .toContainEqual(expect.objectContaining({ name: 'log_halted', why: 'behind' }))
  expect(await people.read('nora', '/integrity')).toMatchObject({ body: { halted: { why: 'behind' } } })
  // Nobody here knows that this call had its outcome: its lease ends, and the sweeper gives it another.
  await expect
    .poll(() => store.get([keys.entry(outcomeId(call))]).then(([one]) => one?.body), { timeout: 15_000 })
    .toContain('"ending":"estimated"')
  expect((await published()).checkpoint).toBe(before.checkpoint)
  expect(await operate('--yes')).toContain('is in use by another Sallyport')
  await stop(again)

  const rows = entriesIn(file())
  const looked = await operate('--dry-run')
  expect(looked).toContain(`come to the signed root of ${size}.`)
  expect(looked).toContain(`To give way to what the tree has under that id: ${outcomeId(call)}`)
  expect(looked).toContain('A dry run: nothing was changed.')
  expect(await operate()).toContain('There is no terminal to ask on: give --yes.')
  expect(entriesIn(file())).toEqual(rows)

  const done = await operate('--yes', '--reason', 'the disk failed')
  expect(done).toContain(`The table is at ${size}, and the log goes on from there.`)
  const [, recorded = ''] = /Entry: (\S+)/.exec(done) ?? []
  const newest = [...entriesIn(join(world.data, 'newest.db'))].filter(([, { i }]) => i !== undefined)
  const restored = entriesIn(file())
  expect(newest.map(([eid]) => lasting(restored.get(eid) as Entry))).toEqual(
    newest.map(([, entry]) => lasting(entry)),
  )
  expect(JSON.parse(restored.get(recorded)?.body ?? '')).toMatchObject({
    comment: 'the disk failed',
    unmapped: { kind: 'log_restored', to: size, displaced: 1, of: [{ entry: outcomeId(call) }] },
  })
  expect(await operate('--yes')).toBe(
    `The table is at ${size}, as is what is published. There is nothing to do.\n`,
  )
  expect(entriesIn(file())).toEqual(restored)

  alarms = []
  const { store: reopened } = await openAgain()
  await cedar.chat()
  const grown = await settled(reopened)
  const after = await published()
  expect([after.faults, after.leaves.length, alarms]).toEqual([[], grown, []])
  expect(after.leaves.slice(0, size)).toEqual(before.leaves)
  expect(await leavesOfEntries(reopened)).toEqual(after.leaves)
  expect(entriesIn(file()).get(lateEntry)?.i).toBeGreaterThanOrEqual(size)
  expect(await people.read('nora', '/integrity')).toMatchObject({ body: { halted: null } })
}, 60_000)

test('a tile with another byte is refused with the reason, and so are lost keys', async () => {
  const copy = copyDatabase()
  await world.raw('cedar').chat()
  await settled(world.store)
  await stop(world.sallyport)
  await putBack(copy)
  const rows = entriesIn(file())
  const folder = join(world.data, 'bucket', 'objects', 'log', 'tile', '0', '000.p')
  const widths = (await readdir(folder)).map(Number)
  const tile = join(folder, String(Math.max(...widths)))
  const bytes = await readFile(tile)
  bytes[0] = (bytes[0] ?? 0) ^ 1
  await writeFile(tile, bytes)
  expect(await operate('--yes')).toMatch(/^The log was not restored: tile\/0\/000\.p\/\d+ has other hashes/)
  bytes[0] ^= 1
  await writeFile(tile, bytes)
  await rm(join(world.data, 'keys', 'log.json'))
  expect(await operate('--yes')).toContain('log.json is not there: the keys belong to the copy as well.')
  expect(entriesIn(file())).toEqual(rows)
})

test('with the log whole again, what was stopped since the copy is stopped again, and meters are counted by all calls', async () => {
  const cedar = world.raw('cedar')
  const copy = copyDatabase()
  const from = new Date().toISOString()
  expect((await cedar.chat()).status).toBe(200)
  const { used } = await world.meter('cedar')
  const order = ['--reason', 'security_incident', '--text', 'Seen elsewhere.', '--reference', 'case 12']
  await world.operate('break-glass', '--scope', 'organisation=prairie', ...order, '--yes')
  await settled(world.store)
  await stop(world.sallyport)
  await putBack(copy)

  await world.operate('replay-decisions', '--suspend')
  await operate('--yes')
  const { stdout } = await world.operate('replay-decisions', '--from', from)
  expect(stdout).toMatch(/Applied again: \S+ hold.place .*\n(.*\n)*Workloads are admitted again.\n$/)
  const { stdout: recounted } = await world.operate('recount', '--reason', 'restored')
  expect(recounted).toContain(`→ ${used}`)
  await openAgain()
  expect((await cedar.chat()).status).toBe(200)
  const refused = await world.raw('prairie').tokenRequest()
  expect(await refused.json()).toMatchObject({ sallyport: { code: 'hold_active' } })
}, 60_000)
