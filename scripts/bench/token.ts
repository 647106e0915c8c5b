import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Bench, Row, Settings } from './bench.ts'
import { profileTable } from './profile.ts'
import { loadNow } from './results.ts'
import { type ServerProcess, startServer } from './server-process.ts'
import { median } from './statistics.ts'
import { checkRefusals, checkToken, firstToken } from './token/checks.ts'
import { createExchange } from './token/cryptography.ts'
import { type Load, openLoad, type TokenRequest } from './token/load.ts'
import {
  type BenchClient,
  type Issued,
  makeClient,
  makeSigningKey,
  type ServerArgument,
  type ServerTold,
  type Setting,
} from './token/setting.ts'

export const token: Bench = {
  name: 'token',
  title: "Tokens issued for the server's CPU, beside oidc-provider and beside the bare cryptography.",
  run: measureTokens,
}

/** One client may ask 100 times a second: so many that the limit is never met. */
const clientCount = 64
/** Tokens of one slice, and how often each server has its turn; the first turns only warm up. */
const sliceSize = 1_500
const rounds = 11
const warmUps = 2

interface Server {
  readonly process: ServerProcess<ServerTold>
  readonly load: Load
}

type Name = 'disk' | 'memory' | 'oidcProvider' | 'floor' | 'cryptography'

/** For each of them, milliseconds of CPU for a token, round by round. */
type Measured = Readonly<Record<Name, readonly number[]>>

async function measureTokens({ scale, profile, print }: Settings): Promise<readonly Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-bench-'))
  const clients = Array.from({ length: clientCount }, (_, at) => makeClient(at))
  const setting: Setting = {
    signingKey: makeSigningKey(),
    clients: clients.map(({ registered }) => registered),
  }
  const opened: Server[] = []
  const open = async (name: string, argument: Partial<ServerArgument>): Promise<Server> => {
    const module = fileURLToPath(new URL(`./token/${name}-server.ts`, import.meta.url))
    const data = join(folder, String(opened.length))
    const process = await startServer<ServerTold>(module, { ...setting, data, ...argument })
    const load = openLoad(process.told.issuer, argument.issued?.scope, clients)
    opened.push({ process, load })
    return { process, load }
  }
  try {
    const memory = await open('sallyport', { database: ':memory:' })
    const [client] = clients
    if (client === undefined) throw new Error('there is no client')
    const issued = await firstToken(memory.load, client)
    const servers = {
      disk: await open('sallyport', { issued }),
      memory,
      oidcProvider: await open('oidc-provider', { issued }),
      floor: await open('floor', { issued }),
    }
    await check(servers, { client, setting, issued })
    const size = Math.max(clientCount, Math.round(sliceSize * scale))
    const measured = await measure(servers, { setting, issued, size, print })
    if (profile) await showProfile(memory, size, print)
    return rowsOf(measured)
  } finally {
    for (const { process, load } of opened) {
      await load.close()
      await process.close()
    }
    await rm(folder, { recursive: true, force: true })
  }
}

async function check(
  { disk, memory, oidcProvider, floor }: Readonly<Record<Exclude<Name, 'cryptography'>, Server>>,
  { client, setting, issued }: { client: BenchClient; setting: Setting; issued: Issued },
): Promise<void> {
  const { signingKey } = setting
  for (const [name, { load }] of Object.entries({ disk, memory, oidcProvider, floor }))
    await checkToken(name, load, { client, signingKey, issued })
  for (const [name, { load }] of Object.entries({ disk, memory, oidcProvider }))
    await checkRefusals(name, load, client)
}

/** In turns, forwards and backwards: what disturbs the machine for a while disturbs them all. */
async function measure(
  servers: Readonly<Record<Exclude<Name, 'cryptography'>, Server>>,
  run: { setting: Setting; issued: Issued; size: number; print: (line: string) => void },
): Promise<Measured> {
  const { setting, issued, size, print } = run
  const found: Record<Name, number[]> = {
    disk: [],
    memory: [],
    oidcProvider: [],
    floor: [],
    cryptography: [],
  }
  const { issuer } = servers.floor.load
  const exchange = createExchange(setting, issued, issuer)
  const alone = async (requests: readonly TokenRequest[]): Promise<number> => {
    const before = process.cpuUsage()
    for (const { assertion, proof } of requests) exchange(assertion, proof)
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1000
  }
  const slices: readonly (readonly [Name, () => Promise<number>])[] = [
    ...Object.entries(servers).map(
      ([name, server]) => [name as Name, () => cpuOfSlice(server, size)] as const,
    ),
    ['cryptography', async () => alone(await servers.floor.load.prepare(size))],
  ]
  print(`${rounds} rounds of ${size} tokens at each server, after ${warmUps} to warm up`)
  for (let round = -warmUps; round < rounds; round++) {
    for (const [name, slice] of round % 2 === 0 ? slices : slices.toReversed()) {
      const cpuMs = await slice()
      if (round >= 0) found[name].push(cpuMs / size)
    }
  }
  return found
}

async function cpuOfSlice({ process, load }: Server, size: number): Promise<number> {
  const requests = await load.prepare(size)
  const before = await process.cpuMs()
  await load.run(requests)
  return (await process.cpuMs()) - before
}

async function showProfile({ process, load }: Server, size: number, print: Settings['print']): Promise<void> {
  const requests = await load.prepare(size)
  const profiled = await process.profile(() => load.run(requests))
  print(`\nWhere Sallyport's time goes, store in memory, ${size} tokens`)
  for (const line of profileTable(profiled)) print(line)
}

const told: Readonly<Record<Name, string>> = {
  disk: 'Sallyport, store on disk',
  memory: 'Sallyport, store in memory',
  oidcProvider: 'oidc-provider, store a Map',
  floor: 'bare HTTP and cryptography',
  cryptography: 'cryptography alone',
}

function rowsOf(measured: Measured): readonly Row[] {
  const load = loadNow()
  const cpuMs = (name: Name): number => median(measured[name])
  const tokens = (name: Name): number => 1000 / cpuMs(name)
  /** The median of the rounds' ratios: both had their turn in each. */
  const beside = (ours: Name, theirs: Name): NonNullable<Row['beside']> => ({
    name: told[theirs],
    value: tokens(theirs),
    by: 'times',
    compared: median(measured[ours].map((cpu, round) => (measured[theirs][round] ?? Number.NaN) / cpu)),
  })
  const throughput = (ours: Name, theirs?: Name, least?: number): Row => ({
    what: told[ours],
    value: tokens(ours),
    unit: 'tokens/CPU-s',
    ...(theirs && { beside: beside(ours, theirs) }),
    ...(least && { target: { at: 'least', value: least, of: 'comparison' } }),
    load,
  })
  return [
    throughput('disk', 'oidcProvider', 2.5),
    throughput('disk', 'floor'),
    throughput('memory', 'oidcProvider'),
    throughput('memory', 'floor', 0.75),
    throughput('oidcProvider', 'floor'),
    throughput('floor', 'cryptography'),
    throughput('cryptography'),
    ...(Object.keys(told) as Name[]).map(name => ({
      what: told[name],
      value: cpuMs(name),
      unit: 'ms CPU/token',
      ...(name !== 'floor' && { beside: { name: told.floor, value: cpuMs('floor'), by: 'times' as const } }),
      load,
    })),
  ]
}
