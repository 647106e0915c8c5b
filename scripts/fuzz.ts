/**
 * `npm run fuzz -- --minutes 10 --seed 7`: requests that begin well-formed and are changed by chance, against a
 * whole Sallyport in this process. Each is answered with 200 or a refusal of the 400 class; what is refused for
 * its credentials leaves no entry, no call leaves a lease, and memory stays flat. A failure prints its shrunk
 * counterexample and its seed. The store is a file: what it keeps by design is not held against the memory.
 */

import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { keys } from '../shared/domain/keys.ts'
import type { Store } from '../shared/ports/store.ts'
import { replaceWrite } from '../test/in-order.ts'
import * as mutations from '../test/malformed/mutations.ts'
import { openReplay } from '../test/malformed/replay.ts'
import { openEmbedded } from '../test/world/embedded.ts'

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string' } },
})
const minutes = Number(values.minutes)
const seed = Number(values.seed ?? Date.now() % 1e9)
if (!(minutes > 0) || !Number.isSafeInteger(seed))
  throw new Error('--minutes is a number, --seed a whole one')

/** MB that the heap may have grown by since the first minute, collected. */
const mayGrow = 32
/** Milliseconds without a byte after which a broken request is given up. */
const patience = { broken: 40, framed: 10_000 }

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** What was written since the request under judgement began; of calls before it, too. */
let entries: string[] = []
const errors: string[] = []
const watched = (store: Store): Store => ({
  ...replaceWrite(store, op => {
    if (op.key.table === 'entries') entries.push(JSON.stringify(op))
    return store.write(op)
  }),
  transact: ops => {
    entries.push(...ops.filter(op => op.key.table === 'entries').map(op => JSON.stringify(op)))
    return store.transact(ops)
  },
})
const telemetry = {
  count: () => undefined,
  alarm: (name: string) => errors.push(name),
  error: (message: string, error: unknown) => errors.push(`${message}: ${error}`),
}
const world = await openEmbedded({ wiring: { wrap: watched, telemetry } })
let bytesOf = await openReplay(world)
const plenty = { limits: { total: 1e15, rpm: 6_000_000, burst: 1_000_000, streams: 64 }, remaining: 1e15 }
const [meter] = await world.store.get([keys.meter(world.meterId('cedar'))])
await world.store.write({
  kind: 'put',
  key: keys.meter(world.meterId('cedar')),
  item: { ...meter, ...plenty },
})

const { port } = new URL(world.issuer)

/** What comes back until the connection is closed, or nothing more comes. */
async function exchange(bytes: Buffer, patience: number): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port: Number(port) })
  const chunks: Buffer[] = []
  socket.on('data', chunk => chunks.push(chunk))
  socket.on('error', () => undefined)
  socket.setTimeout(patience, () => socket.destroy())
  const closed = new Promise(resolve => socket.once('close', resolve))
  socket.write(bytes)
  await closed
  return Buffer.concat(chunks).toString('latin1')
}

const tally = new Map<string, number>()

async function judge({ edits, framed, ...kept }: mutations.Mutated): Promise<void> {
  entries = []
  const answer = await exchange(
    mutations.edited(await bytesOf(kept), edits),
    framed ? patience.framed : patience.broken,
  )
  const statuses = [...answer.matchAll(/HTTP\/1\.1 (\d{3}) [A-Z]/g)].map(([, status]) => Number(status))
  for (const status of statuses.length > 0 ? statuses : ['closed'])
    tally.set(String(status), (tally.get(String(status)) ?? 0) + 1)
  const [, id] = /^x-request-id: (.+)\r$/m.exec(answer) ?? []
  const recorded = id !== undefined && entries.some(entry => entry.includes(id))
  const fault = faultOf(statuses, framed, recorded) ?? (errors.length > 0 ? 'an error was logged' : undefined)
  if (fault) throw new Error(`${fault}: ${answer.slice(0, 2_000)} ${errors.splice(0).join()}`)
}

function faultOf(statuses: readonly number[], framed: boolean, recorded: boolean): string | undefined {
  if (framed && statuses.length !== 1) return `${statuses.length} answers`
  if (statuses.some(status => status !== 100 && status !== 200 && (status < 400 || status > 499)))
    return 'neither 200 nor of the 400 class'
  if (recorded && statuses.length === 1 && statuses[0] === 401) return 'an entry without authentication'
  return undefined
}

/** Calls that were given up are settled a moment later. */
async function leases(): Promise<object> {
  for (let tries = 0; ; tries++) {
    const { leases } = await world.meter('cedar')
    if (Object.keys(leases).length === 0 || tries === 100) return leases
    await sleep(50)
  }
}

const megabytes = (bytes: number): number => Math.round(bytes / 1e5) / 10
function memory(): number {
  collect()
  const { heapUsed, rss } = process.memoryUsage()
  const minute = ((performance.now() - start) / 60_000).toFixed(1)
  console.log(`minute ${minute}: heap ${megabytes(heapUsed)} MB, RSS ${megabytes(rss)} MB, ${runs} requests`)
  return megabytes(heapUsed)
}

const levels = {
  wire: mutations.wire,
  headers: mutations.headers,
  bodies: mutations.bodies,
  credentials: mutations.credentials,
  forms: mutations.forms,
}
let runs = 0
let failure: string | undefined
console.log(`seed ${seed}`)
const start = performance.now()
const end = start + minutes * 60_000
memory()
let settled: number | undefined
let reported = start
for (let round = 0; failure === undefined && performance.now() < end; round++) {
  for (const [level, arbitrary] of Object.entries(levels)) {
    const result = await fc.check(fc.asyncProperty(arbitrary, judge), {
      seed: seed + round,
      numRuns: 100,
      interruptAfterTimeLimit: Math.max(1, end - performance.now()),
    })
    runs += result.numRuns
    if (result.counterexample !== null)
      failure = `${level}, seed ${seed}\n${result.errorInstance}\n${fc.defaultReportMessage(result)}`
    if (failure) break
  }
  const left = await leases()
  if (Object.keys(left).length > 0) failure ??= `leases are left, seed ${seed}: ${JSON.stringify(left)}`
  if (performance.now() - reported < 60_000) continue
  reported = performance.now()
  // Its tokens end.
  bytesOf = await openReplay(world)
  const heap = memory()
  settled ??= heap
  if (heap > settled + mayGrow) failure ??= `the heap grew from ${settled} to ${heap} MB`
}
memory()
console.log(
  [...tally]
    .sort()
    .map(([status, times]) => `${status}: ${times}`)
    .join(', '),
)
const last = await world.raw('cedar').chat()
if (last.status !== 200) failure ??= `a well-formed call is answered with ${last.status}`
await world.close()
console.log(failure ?? 'No counterexample.')
// The demo's provider, which every world of a process shares, would keep it going.
process.exit(failure === undefined ? 0 : 1)
