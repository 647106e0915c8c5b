/** Whoever leaks records of the log is found by their copy, with a bound; and nobody else is. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  madeUpTable,
  mergedTable,
  roundedTable,
  tableOf,
  wholeRecord,
} from '../../scripts/bench/watermark/leak-forms.ts'
import { chanceOf, madeUpCalls } from '../../scripts/bench/watermark/leak-log.ts'
import type { BundleRecord } from '../../shared/bundle/records.ts'
import { sentenceOf } from '../../shared/search/sentence.ts'
import { type Copy, callsOfCedar, copiesOf } from '../world/leak-readers.ts'
import { signInsAtOnce } from '../world/matrix.ts'
import { openWorld } from '../world/open.ts'
import { type TerminalPeople, terminalPeople } from '../world/terminal-people.ts'
import type { World } from '../world/world.ts'

let world: World
let people: TerminalPeople
let copies: readonly Copy[]

beforeAll(async () => {
  world = await openWorld(signInsAtOnce)
  people = terminalPeople(world)
  copies = await copiesOf(world, await callsOfCedar(world, 225))
}, 600_000)
afterAll(() => world.close())

const patience = 180_000
/** By the order of `copiesOf`: people of all three organisations. */
const copy = (n: number): Copy => copies.at(n) ?? { name: 'nobody', records: [] }
let files = 0

/** Asked at a terminal, and answered. */
async function traced(leak: string, ...options: readonly string[]): Promise<Traced> {
  const file = join(world.data, `leak-${++files}`)
  await writeFile(file, leak)
  let waits = true
  const asked = ['watermark', 'trace', file, '--purpose', 'It was found on the web', ...options]
  const answering = people.json('ada', ...asked).finally(() => {
    waits = false
  })
  while (waits) {
    await world.export()
    await Promise.race([answering.catch(() => undefined), wait(500)])
  }
  return (await answering) as Traced
}

interface Traced {
  readonly id: string
  readonly entry: string
  readonly ended_by: string
  readonly result: {
    readonly rows: number
    readonly matched: number
    readonly readers: readonly { readonly name: string; readonly bound: number }[]
  }
}

/** Who is named, and the largest of their bounds. */
const named = ({ result: { readers } }: Traced) => ({
  names: readers.map(({ name }) => name).toSorted(),
  bound: Math.max(0, ...readers.map(({ bound }) => bound)),
})

describe.concurrent('a reader is named by', () => {
  test(
    'one record that proves itself, to 128 bits',
    async () => {
      const { names, bound } = named(await traced(wholeRecord(copy(5).records[7] ?? missing())))
      expect(names).toEqual([copy(5).name])
      expect(bound).toBeLessThan(1e-38)
    },
    patience,
  )

  test(
    'twenty rows of a table',
    async () => {
      const found = await traced(tableOf(copy(-1).records.slice(200, 220)))
      expect(found.result.matched).toBeGreaterThanOrEqual(15)
      expect(named(found)).toEqual({ names: [copy(-1).name], bound: expect.toSatisfy(isBelow(1e-20)) })
    },
    patience,
  )

  test(
    'four hundred rows that are rounded to seconds',
    async () => {
      const found = await traced(roundedTable(copy(1).records.slice(0, 400)))
      expect(named(found)).toEqual({ names: [copy(1).name], bound: expect.toSatisfy(isBelow(1e-20)) })
    },
    patience,
  )

  test(
    'what three have put together, half of whose digits are any, and all three are',
    async () => {
      const three = [copy(0), copy(3), copy(4)]
      const leak = mergedTable(
        three.map(({ records }) => records),
        chanceOf('three'),
        0.5,
      )
      expect(named(await traced(leak))).toEqual({
        names: three.map(({ name }) => name).toSorted(),
        bound: expect.toSatisfy(isBelow(1e-6)),
      })
    },
    patience,
  )
})

/** The marks are other ones each time, and a trace names somebody innocent as often as it was allowed to. */
const seldom = '0.000001'

describe.concurrent('nobody is named by', () => {
  test(
    'rows that somebody made up who knows the facts',
    async () => {
      const found = await traced(madeUpTable(copy(2).records, chanceOf('made up')), '--epsilon', seldom)
      expect(found.result.matched).toBeGreaterThan(300)
      expect(found.result.readers).toEqual([])
    },
    patience,
  )

  test(
    'rows of another log, of the same time',
    async () => {
      const records = madeUpCalls({
        ...{ seed: 'other', count: 100, from: Date.now() - 1_800_000 },
        ...{ organisation: 'elm', model: 'borealis', developer: 'boreal' },
      }).map(({ eid, entry }) => {
        const body = JSON.parse(entry.body)
        return { eid, body, sentence: sentenceOf(body) } as BundleRecord
      })
      const { result } = await traced(madeUpTable(records, chanceOf('of another')), '--epsilon', seldom)
      expect(result).toMatchObject({ rows: 200, readers: [] })
    },
    patience,
  )
})

test(
  'all that is asked into one leak may risk 0.01 together, and no more is asked then',
  async () => {
    const leak = tableOf(copy(5).records.slice(0, 3))
    await traced(leak, '--epsilon', '0.01')
    await expect(traced(leak, '--epsilon', '1e-9')).rejects.toThrow('epsilon_spent')
  },
  patience,
)

test(
  'a partner asks for none, and the log tells who asked, and who was named',
  async () => {
    const found = await traced(wholeRecord(copy(4).records[0] ?? missing()))
    const asked = ['watermark', 'trace', join(world.data, 'leak-1'), '--purpose', 'x']
    expect(await people.as('priya', ...asked)).toMatchObject({
      code: 5,
      err: expect.stringContaining('role_missing'),
    })
    expect(await people.json('ada', 'watermark', 'list')).toMatchObject({ length: files - 1 })
    const { out } = await people.as('ada', 'log', 'get', found.ended_by)
    expect(out.replaceAll(/\s+/g, ' ')).toContain('1 reader was named')
  },
  patience,
)

const isBelow = (most: number) => (bound: number) => bound > 0 && bound < most
const missing = (): never => {
  throw new Error('there is no such record')
}
