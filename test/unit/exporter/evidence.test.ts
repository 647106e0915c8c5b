import { expect, test } from 'vitest'
import { nodeSha256, nodeSha256Stream } from '../../../client/cli/bundle-file.ts'
import { verifyBundle } from '../../../client/log/bundle.ts'
import { exportJobOf } from '../../../shared/domain/exports.ts'
import { keys } from '../../../shared/domain/keys.ts'
import { exportWorld, recordsIn } from './export-world.ts'

test('evidence is whole, of whomever it is about, with exact times that its leaves prove and the chain of custody', async () => {
  const world = await exportWorld({ calls: 6 })
  const { size } = await world.job(await world.asked())
  const step = { person: 'person_ada', name: 'ada', organisation: 'cedar', at: world.now(), entry: 'entry_1' }
  const job = exportJobOf({
    id: 'export_evidence',
    kind: 'evidence',
    organisation: 'cedar',
    person: { id: 'person_ada', name: 'ada' },
    q: 'type:access time:-1d..now',
    ...{ from: world.now() - 86_400_000, to: world.now(), size, purpose: 'An investigation' },
    requestedAt: world.now(),
    entry: 'entry_of_the_decision',
    evidence: {
      developer: 'halcyon',
      statutes: ['18 U.S.C. 1030'],
      officer: 'R. Chen',
      agency: 'An agency',
      selection: { client: 'client_cedar' },
      asked: step,
      approved: [{ ...step, person: 'person_ben', entry: 'entry_2' }],
    },
  })
  await world.store.write({ kind: 'put', key: keys.export(job.id), item: job })
  await world.make()

  const bytes = await world.file(job.id)
  const file = { size: bytes.length, read: async (from: number, to: number) => bytes.subarray(from, to) }
  const found = await verifyBundle(file, {
    key: world.verifierKey,
    sha256: nodeSha256Stream,
    hash: nodeSha256,
  })
  // Those of elm as well: calls of the developer's model, which whoever asks here could not see without it.
  expect(found).toMatchObject({ records: 12, exact: 12, withheld: 0, granted: false })
  expect(found.custody).toMatchObject({ officer: 'R. Chen', approved: [{ person: 'person_ben' }] })
  const organisations = recordsIn(await world.files(job.id)).map(
    one =>
      (one as unknown as { body: { actor: { user: { org: { uid: string } } } } }).body.actor.user.org.uid,
  )
  expect(new Set(organisations)).toEqual(new Set(['cedar', 'elm']))

  // Whoever hands it on has signed for it first.
  expect(await world.download(job.id, 'bytes=0-')).toMatchObject({ code: 'countersignature_required' })
  expect(await world.countersign(job.id)).toMatchObject({ status: 200 })
  expect(await world.told('export_countersigned')).toMatchObject([{ unmapped: { export_kind: 'evidence' } }])
  expect(await world.download(job.id, 'bytes=0-')).toMatchObject({ status: 206 })
})
