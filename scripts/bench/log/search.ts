/** The first page of a search over a million entries, as a person of the developer asks for it. */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { rawPerson } from '../../../test/world/raw-person.ts'
import { signInAs } from '../../demo/browserless.ts'
import type { Row, Settings } from '../bench.ts'
import { profileTable } from '../profile.ts'
import { loadNow } from '../results.ts'
import { startServer } from '../server-process.ts'
import { closeAll, type Open } from '../servers.ts'
import { median, quantile } from '../statistics.ts'
import { partnerName, rareModel, refusalCode, requestName } from './entries.ts'
import { dataOf, openSearchData, type SearchData } from './search-data.ts'
import type { SearchTold } from './search-server.ts'

const entries = 1_000_000
const times = 20
const pageSize = 20
/** Entries that the product looks at for a page, at most. */
const lookedAtMost = 2_000

interface Searched {
  readonly what: string
  /** Of the `n`th request; beside the range. */
  readonly q: (n: number, data: SearchData) => string
  /** Entries on the page, at least. */
  readonly found: number
  /** About how many entries are looked at for it. */
  readonly looked: number
}

const searches: readonly Searched[] = [
  { what: 'no filter', q: () => '', found: pageSize, looked: pageSize },
  { what: 'a code', q: () => `code:${refusalCode}`, found: pageSize, looked: lookedAtMost },
  { what: 'a partner', q: n => `partner:${partnerName(n)}`, found: pageSize, looked: pageSize },
  {
    what: 'a request',
    q: (n, { calls }) => `request:${requestName(Math.floor((calls * (n + 0.5)) / times))}`,
    found: 1,
    looked: 2,
  },
  { what: 'a model that is rare', q: () => `model:${rareModel}`, found: 0, looked: lookedAtMost },
  { what: 'a model that nobody calls', q: () => 'model:nimbus-preview', found: 0, looked: lookedAtMost },
]

export async function searchPages(settings: Settings): Promise<readonly Row[]> {
  const { scale, print } = settings
  const data = await openSearchData(Math.max(5_000, Math.round(entries * scale)), print)
  const open: Open[] = []
  try {
    const module = fileURLToPath(new URL('./search-server.ts', import.meta.url))
    const server = await startServer<SearchTold>(module, data)
    open.push(server)
    const { issuer } = server.told
    const person = rawPerson(await signInAs({ issuer, login: 'ada' }))
    const floor = bareReads(join(dataOf(data.folder), 'sallyport.db'))
    open.push(floor)
    const range = `time:${new Date(data.from).toISOString()}..${new Date(data.to).toISOString()}`
    const rows: Row[] = []
    for (const { what, q, found, looked } of searches) {
      print(`searching: ${what}`)
      const ask = async (n: number): Promise<number> => {
        const query = new URLSearchParams({ q: `${range} ${q(n, data)}`.trim(), limit: String(pageSize) })
        const start = performance.now()
        const response = await person.call('GET', `/api/v1/entries?${query}`)
        const page = (await response.json()) as { items?: readonly unknown[] }
        const ms = performance.now() - start
        if (response.status !== 200 || page.items === undefined || page.items.length < found)
          throw new Error(
            `${what} was answered with ${response.status}: ${JSON.stringify(page).slice(0, 300)}`,
          )
        return ms
      }
      const cpuBefore = await server.cpuMs()
      const [waits, bare] = [[] as number[], [] as number[]]
      for (let n = 0; n < times; n++) {
        waits.push(await ask(n))
        bare.push(floor.read(looked))
      }
      const cpu = ((await server.cpuMs()) - cpuBefore) / waits.length
      if (settings.profile) {
        const profiled = await server.profile(async () => {
          for (let n = 0; n < times; n++) await ask(n)
        })
        print(`\nWhere the time goes: ${what}`)
        for (const line of profileTable(profiled)) print(line)
      }
      const name = `first page of ${data.entries.toLocaleString('en-US')} entries, ${what}`
      const row = (which: string, value: number, most?: number): Row => ({
        what: `${name}: ${which}`,
        value,
        unit: 'ms',
        ...(which === 'p50' && {
          beside: {
            name: `${looked} read and parsed by bare SQLite`,
            value: median(bare),
            by: 'times' as const,
          },
        }),
        ...(most !== undefined && { target: { at: 'most' as const, value: most } }),
        load: loadNow(),
      })
      rows.push(
        row('p50', median(waits), 300),
        row('most', quantile(waits, 1)),
        row('CPU of the server', cpu),
      )
    }
    return rows
  } finally {
    await closeAll(open)
  }
}

/** The newest entries of the table, with what is next to nothing around them. */
function bareReads(path: string): Open & { read(count: number): number } {
  const database = new DatabaseSync(path, { readOnly: true })
  const select = database.prepare(
    "SELECT pk, body FROM entries WHERE pk LIKE 'entry\\_%' ESCAPE '\\' ORDER BY pk DESC LIMIT ?",
  )
  return {
    read(count) {
      const start = performance.now()
      for (const { body } of select.all(count))
        JSON.parse((JSON.parse(String(body)) as { body: string }).body)
      return performance.now() - start
    },
    close: () => database.close(),
  }
}
