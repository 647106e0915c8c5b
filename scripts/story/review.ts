/** The agreement asks for access reviews: somebody looks through who has access, and certifies it. */
import { at, textAt } from '../../client/json.ts'
import type { Access } from './partner.ts'
import { listOf, short } from './shown.ts'
import { type Stage, StoryStopped } from './stage.ts'

export async function tellReview(stage: Stage, { agreement }: Access): Promise<void> {
  stage.chapter('An access review: everybody by name')
  const { sweep } = stage.deps
  if (sweep === undefined)
    return stage.note('Left out: a review is opened by the sweeper, which is not asked to run here.')
  await sweep()
  const due = listOf(await stage.sees('priya', '/reviews'), 'items').find(
    one => textAt(one, 'agreement') === agreement && textAt(one, 'state') === 'due',
  )
  if (due === undefined) throw new StoryStopped('no review of the agreement is due')
  const path = `/reviews/${textAt(due, 'id')}`
  stage.note(`By clause ${textAt(due, 'clause')} a review is due at ${textAt(due, 'due_at')?.slice(0, 10)}.`)
  const subjects = listOf(await stage.sees('priya', path), 'subjects')
  const kept = subjects.map(one => textAt(one, 'id') ?? '')
  await stage.isRefused(
    {
      who: 'priya',
      what: 'tries to certify it and leaves one out',
      path: `${path}/certify`,
      on: path,
      body: { kept: kept.slice(1) },
    },
    'body_malformed',
  )
  await stage.does({
    who: 'priya',
    what: `certifies that all ${kept.length} people and clients need their access`,
    path: `${path}/certify`,
    on: path,
    body: { kept },
  })
  await stage.does({
    who: 'ida',
    what: 'reads the review',
    path,
    method: 'get',
    tells: answer =>
      `certified by ${textAt(answer, 'certified', 'by', 'name')}, certificate ${short(
        textAt(answer, 'certified', 'certificate'),
      )}, who has access ${at(answer, 'subjects') === null ? 'not shown to her' : 'shown'}`,
  })
}
