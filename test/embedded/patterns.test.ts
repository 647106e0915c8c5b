/** Two clients of one agreement are sent the same replies: its developer is told, a person decides, and calls go on. */
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { at, textAt } from '../../client/json.ts'
import type { ExporterDeps } from '../../functions/exporter/deps.ts'
import { packReplies } from '../../functions/exporter/fingerprints/pack.ts'
import { findPatterns } from '../../functions/exporter/patterns.ts'
import { modelId } from '../../scripts/demo/story.ts'
import { openFileObjects } from '../../shared/adapters/embedded/file-objects.ts'
import { systemClock, systemRandom } from '../../shared/adapters/world.ts'
import { keys } from '../../shared/domain/keys.ts'
import { entryId, outcomeId } from '../../shared/entries/id.ts'
import { fingerprintsOf } from '../../shared/fingerprint/fingerprints.ts'
import { formatPending, pendingKey } from '../../shared/fingerprint/pending.ts'
import { units } from '../../shared/fingerprint/units.ts'
import { type EmbeddedWorld, openEmbedded, quiet } from '../world/embedded.ts'
import { because, codeOf, type Deciding, deciding } from '../world/governance.ts'

const day = 86_400_000
/** The day before yesterday: it is over and to be packed at whatever hour this runs. */
const sentOn = Math.floor(Date.now() / day) * day - 2 * day

let world: EmbeddedWorld
let deciders: Deciding
beforeAll(async () => {
  world = await openEmbedded()
  deciders = deciding(world)
})
afterAll(() => world.close())

/** Both parties sign a version of cedar's agreement that says what is looked for; as if they had done so long ago. */
async function agreed(): Promise<string> {
  const id = world.agreement('cedar')
  const path = `/agreements/${id}`
  const before = await deciders.read('ada', path)
  const read = await deciders.read('ada', `${path}/versions/${textAt(before?.body, 'digest')}`)
  const clauses = at(read?.body, 'document', 'clauses') as readonly object[]
  const patterns = { repetition_percent: 40, least_replies: 20 }
  const drafted = clauses.map(clause =>
    at(clause, 'kind') === 'no-extraction' ? { ...clause, terms: { patterns } } : clause,
  )
  const draft = { clauses: drafted, ...because() }
  const ada = await deciders.as('ada')
  expect((await ada.patch(path, draft, { ifMatch: before?.version ?? 0 })).status).toBe(200)
  await deciders.make('ada', `${path}/offer`, because(), { on: path })
  const digest = textAt((await deciders.read('ada', path))?.body, 'next', 'digest') ?? ''
  for (const login of ['ada', 'priya'])
    await deciders.make(login, `${path}/sign`, { digest, ...because() }, { on: path })
  await world.store.write({
    kind: 'update',
    key: keys.agreementVersion(digest),
    change: { set: [[['effectiveAt'], sentOn - 10 * day]] },
  })
  return id
}

test('a pattern is found, told to the developer and not to the partner, and decided by a person', async () => {
  const agreement = await agreed()
  const objects = await openFileObjects(join(world.data, 'bucket'))
  const key = systemRandom.bytes(32)
  for (const client of ['client_one', 'client_two'])
    for (let n = 0; n < 12; n++) {
      const text = Array.from({ length: 60 }, (_, i) => `word${n}x${i}`).join(' ')
      const eid = outcomeId(entryId(sentOn + n * 3_600_000, systemRandom.bytes(16)))
      const reply = {
        eid,
        organisation: 'cedar',
        agreement,
        client,
        model: modelId,
        words: units(text).length,
      }
      const bytes = formatPending({ ...reply, fingerprints: fingerprintsOf(key, [text]) })
      await objects.put(pendingKey(eid), bytes, { ifAbsent: true })
    }
  const deps = { store: world.store, objects, clock: systemClock, random: systemRandom, telemetry: quiet }
  await packReplies(deps as unknown as ExporterDeps, Date.now() + 60_000)
  // The server has looked through these days, when there was nothing.
  await world.store.write({ kind: 'remove', key: keys.patternsJudged })
  await findPatterns(deps, Date.now() + 60_000)

  const [finding, ...others] = await deciders.list('ada', '/findings?kind=pattern')
  expect(others).toEqual([])
  expect(finding).toMatchObject({
    ...{ agreement, clause: 'no-extraction-1', about: 'cedar', organisation: 'halcyon', state: 'reported' },
    clients: ['client_one', 'client_two'],
    measures: { pattern: 'repetition', replies: 24, matching: 24, percent: 100, threshold: 40 },
  })
  const path = `/findings/${textAt(finding, 'id')}`
  const inbox = async (login: string) =>
    (await deciders.list(login, '/inbox?limit=100')).filter(({ type }) => type === 'finding.raised').length
  expect([await inbox('ada'), await inbox('nora'), await inbox('priya')]).toEqual([1, 1, 0])
  expect(await deciders.list('priya', '/findings?kind=pattern')).toEqual([])
  expect(await deciders.read('priya', path)).toBeUndefined()
  const searched = async (login: string) =>
    (await deciders.list(login, `/entries?q=${encodeURIComponent('type:finding_raised time:-4d..now')}`))
      .length
  // A search is of the published tree.
  await vi.waitFor(async () => expect(await searched('ada')).toBe(1), { timeout: 20_000 })
  expect(await searched('priya')).toBe(0)

  // The new version has the notice of the one before: nothing stands between cedar and the model.
  expect((await world.raw('cedar').chat({})).status).toBe(200)
  const handedOff = await deciders.ask('ada', `${path}/hand_off`, { to: 'ofr', ...because() }, { ifMatch: 1 })
  expect([handedOff.status, codeOf(handedOff)]).toEqual([409, 'state_forbids'])
  await deciders.make('ada', `${path}/resolve`, { text: 'One evaluation, run twice.' }, { on: path })
  expect((await deciders.read('nora', path))?.body).toMatchObject({ state: 'resolved', next: [] })
  expect((await world.raw('cedar').chat({})).status).toBe(200)
})
