/** Every request of the kept corpus, against a whole Sallyport: refused by name, and without a trace. */

import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { corpusFile } from '../../scripts/malformed.ts'
import type { Entry } from '../../shared/entries/entry.ts'
import { isEntryId } from '../../shared/entries/id.ts'
import type { Check, Store, WriteOp } from '../../shared/ports/store.ts'
import { replaceWrite } from '../in-order.ts'
import type { Malformed } from '../malformed/malformed.ts'
import { type BytesOf, openReplay } from '../malformed/replay.ts'
import { type EmbeddedWorld, openEmbedded } from '../world/embedded.ts'
import { told as toldBy } from '../world/entries.ts'
import { rawHttp } from '../world/raw-http.ts'

const kept: readonly Malformed[] = readFileSync(corpusFile, 'utf8')
  .trimEnd()
  .split('\n')
  .map(line => JSON.parse(line))

let world: EmbeddedWorld
let bytesOf: BytesOf
let entries = 0
/** What the log makes for itself, whoever asks for what, is no entry of a request. */
const isEntry = (op: WriteOp | Check): boolean =>
  op.kind === 'put' && isEntryId(op.key.pk) && toldBy(op.item as Entry).kind !== 'epoch_commitment'
const counting = (store: Store): Store => ({
  ...replaceWrite(store, op => {
    if (isEntry(op)) entries += 1
    return store.write(op)
  }),
  transact: ops => {
    entries += ops.filter(isEntry).length
    return store.transact(ops)
  },
})
beforeAll(async () => {
  world = await openEmbedded({ wiring: { wrap: counting } })
  bytesOf = await openReplay(world)
})
afterAll(() => world.close())

/** Our code and the next step, wherever they stand in the body of the last answer. */
function told(answer: string): { code?: string; next?: string } {
  const body = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n', answer.lastIndexOf('HTTP/1.1 ')) + 4))
  return body.error?.sallyport ?? body.sallyport ?? body
}

async function refused(cases: readonly Malformed[]): Promise<void> {
  const wrong: unknown[] = []
  for (const { name, codes, statuses, ...one } of cases) {
    const answer = await rawHttp(world.issuer, await bytesOf(one))
    const met = [...answer.matchAll(/HTTP\/1.1 (\d+) /g)].map(([, status]) => Number(status))
    const { code = '', next } = codes.length > 0 ? told(answer) : {}
    const named = codes.length === 0 || (codes.includes(code) && next)
    if (met.join() !== statuses.join() || !named)
      wrong.push({ name, statuses, codes, answer: answer.slice(-400) })
  }
  expect(wrong).toEqual([])
}

test('the corpus has cases enough of each part', () => {
  const parts = Map.groupBy(kept, one => one.part)
  expect(kept.length).toBeGreaterThanOrEqual(300)
  for (const [part, cases] of parts) expect(cases.length, part).toBeGreaterThanOrEqual(20)
  const names = kept.map(one => one.name)
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([])
})

test('from nobody we know: refused, and no entry is written', async () => {
  const before = entries
  await refused(kept.filter(one => !one.authenticated))
  expect(entries).toBe(before)
})

test('from a partner: refused, with an entry', async () => {
  const before = entries
  const cases = kept.filter(one => one.authenticated)
  await refused(cases)
  expect(entries).toBeGreaterThan(before)
})

test('nothing was charged or is reserved, nothing reached the upstream, and a call still works', async () => {
  for (const id of ['cedar', 'prairie'] as const)
    expect(await world.meter(id)).toMatchObject({ used: 0, leases: {} })
  expect((await world.stats()).requests).toBe(0)
  expect((await world.raw('cedar').chat()).status).toBe(200)
})
