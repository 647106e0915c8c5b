/** One instance of the API after another on the same records, each with a life of its own: for a death at any call of it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { approve } from '../../functions/governance/engine/approve.ts'
import type { Actor, GovernanceDeps } from '../../functions/governance/engine/plan.ts'
import { type SqliteStore, sqliteStore } from '../../shared/adapters/embedded/sqlite-store.ts'
import { indexes, keys } from '../../shared/domain/keys.ts'
import { type Key, type Store, StoreUnavailable, tables } from '../../shared/ports/store.ts'
import { createDice } from '../simulation/dice.ts'
import { quiet } from './embedded.ts'

/** The instance dies right before a call takes effect or right after; or it lives, and the call fails or its answer is lost. */
export const mishaps = ['dies before', 'dies after', 'fails at', 'hears no answer of'] as const

export interface Mishap {
  /** The first call is 1. */
  readonly at: number
  readonly how: (typeof mishaps)[number]
}

/** All items of the four tables, by table and key. */
export type Everything = Readonly<Record<string, object>>

export interface Told {
  readonly file: string
  /** The clock stands still there. */
  readonly now: number
  close(): void
}

/** What has been told so far, as a file of its own. */
export function snapshotOf(data: string): Told {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-snapshot-'))
  const file = join(folder, 'told.db')
  const database = new DatabaseSync(join(data, 'sallyport.db'))
  database.prepare('VACUUM INTO ?').run(file)
  database.close()
  return { file, now: Date.now(), close: () => rmSync(folder, { recursive: true }) }
}

export interface Approval {
  readonly proposal: string
  readonly version: number
  /** Ids of the person who approves, and of their organisation. */
  readonly person: string
  readonly organisation: string
}

export interface Approved {
  /** `died`, an error, a refusal, or the proposal. */
  readonly answer: unknown
  readonly calls: number
}

/**
 * A copy of what was told, in memory: hundreds of them are made, and each would wait for the disk. What a committed
 * write outlives is the business of other tests.
 */
export class Copy implements Disposable {
  readonly #database = new DatabaseSync(':memory:')
  readonly #now: number

  constructor({ file, now }: Told) {
    this.#now = now
    this.#instance()
    this.#database.prepare('ATTACH ? AS told').run(file)
    for (const table of tables)
      this.#database.exec(`INSERT INTO main.${table} (pk, sk, body) SELECT pk, sk, body FROM told.${table}`)
    this.#database.exec('DETACH told')
  }

  /** It knows nothing of those before it. */
  #instance(): SqliteStore {
    return sqliteStore(this.#database, Object.values(indexes))
  }

  /** An instance starts, approves, and is gone. Under the same name it draws the same ids. */
  async approve(name: string, approval: Approval, mishap?: Mishap): Promise<Approved> {
    const store = this.#instance()
    const { port, died, calls } = failing(store, mishap)
    const deps: GovernanceDeps = {
      store: port,
      clock: { now: () => this.#now, sleep: async () => undefined },
      random: createDice(name),
      telemetry: quiet,
      retentionMs: 400 * 86_400_000,
    }
    const { proposal, version: rev } = approval
    const answer = await Promise.race([
      died,
      actor(store, approval, this.#now)
        .then(by => approve(deps, by, { proposal, rev, request: name }))
        .catch((error: unknown) => {
          if (error instanceof StoreUnavailable) return error
          throw error
        }),
    ])
    return { answer, calls: calls() }
  }

  everything(): Everything {
    const all = tables.flatMap(table =>
      this.#database
        .prepare(`SELECT pk, sk, body FROM ${table}`)
        .all()
        .map(({ pk, sk, body }) => [`${table} ${pk} ${sk}`, JSON.parse(String(body)) as object] as const),
    )
    return Object.fromEntries(all)
  }

  [Symbol.dispose](): void {
    this.#database.close()
  }
}

export const itemIn = (all: Everything, { table, pk, sk }: Key): object | undefined =>
  all[`${table} ${pk} ${sk}`]

async function actor(store: Store, { person, organisation }: Approval, now: number): Promise<Actor> {
  const found = await store.get([keys.person(person), keys.organisation(organisation)])
  const [who, whose] = found
  if (who === undefined || whose === undefined) throw new Error(`nobody is ${person}`)
  return { person: who, organisation: whose, authTime: now }
}

/** A store of which one call goes wrong. Whoever died hears nothing any more. */
function failing(store: SqliteStore, mishap: Mishap | undefined) {
  let calls = 0
  const { promise: died, resolve: die } = Promise.withResolvers<'died'>()
  const gone = new Promise<never>(() => undefined)
  async function call<T>(perform: () => Promise<T>): Promise<T> {
    calls += 1
    const how = calls === mishap?.at ? mishap.how : undefined
    if (how === 'fails at') throw new StoreUnavailable('it fails')
    if (how === 'dies before') {
      die('died')
      return gone
    }
    const answer = await perform()
    if (how === 'hears no answer of') throw new StoreUnavailable('no answer')
    if (how === undefined) return answer
    die('died')
    return gone
  }
  const port: Store = {
    get: keys => call(() => store.get(keys)),
    write: op => call(() => store.write(op)),
    writeInOrder: ops => call(() => store.writeInOrder(ops)),
    transact: ops => call(() => store.transact(ops)),
    query: query => call(() => store.query(query)),
  }
  return { port, died, calls: () => calls }
}
