import * as z from 'zod'
import { signStatement, statementTypes } from '../../../shared/agreements/statement.ts'
import { type Governed, indexes, keys, type Listed } from '../../../shared/domain/keys.ts'
import { adminOf, type Session } from '../../../shared/domain/parties.ts'
import type { Action } from '../../../shared/domain/proposals.ts'
import { Refusal, refuse } from '../../../shared/domain/refusal.ts'
import type { Review } from '../../../shared/domain/reviews.ts'
import { sees } from '../../../shared/domain/who-sees.ts'
import { SignerUnavailable } from '../../../shared/ports/keys.ts'
import type { Store } from '../../../shared/ports/store.ts'
import { preview } from '../../governance/engine/decide.ts'
import { factsOf } from '../../governance/engine/sight.ts'
import { judgeRole } from '../../governance/engine/signer.ts'
import { readAccess } from '../../governance/reviews/access.ts'
import { certificateOf, certificateText } from '../../governance/reviews/certificate.ts'
import { readReview, reviewSubject } from '../../governance/reviews/reviews.ts'
import { pages } from '../../pages.ts'
import type { ApiDeps } from '../app.ts'
import type { PersonCaller } from '../caller.ts'
import { decideBy, decisionAnswers } from '../decision.ts'
import { listRecords } from '../lists.ts'
import { forPeople, type Operation } from '../operation.ts'
import { anyId, judgeReason, listOf, listQuery, toReason } from '../shapes/common.ts'
import { certificationBody, reviewShown, reviewStates, showAccess, showReview } from '../shapes/review.ts'

const isSeen = async (store: Store, { viewer }: PersonCaller, review: Governed<Review>): Promise<boolean> => {
  // Auditors are engaged by models, which are the agreement's.
  const [agreement] = viewer.kind === 'auditor' ? await store.get([keys.agreement(review.agreement)]) : []
  return sees(viewer, factsOf('review', reviewSubject(review, agreement))) !== undefined
}

/** People beyond are not looked up: it takes a query for each of them. */
const mostLookedUp = 200

/** Whoever looks through their people wants to know who has not been here for long. */
async function lastSeen(
  store: Store,
  people: readonly { readonly id: string }[],
): Promise<ReadonlyMap<string, number>> {
  const seen = new Map<string, number>()
  for (const { id } of people.slice(0, mostLookedUp)) {
    const range = { index: indexes.byOwner, partition: id, from: 'session#', to: 'session$' }
    for await (const batch of pages<Session & Listed>(store, range))
      for (const session of await store.get(batch))
        if (session) seen.set(id, Math.max(seen.get(id) ?? 0, session.usedAt))
  }
  return seen
}

async function subjectsOf(store: Store, { viewer }: PersonCaller, { organisation }: Review) {
  if (viewer.organisation !== organisation || !viewer.roles.includes(adminOf[viewer.kind])) return null
  const access = await readAccess(store, organisation)
  if (access === undefined)
    return refuse('store_unavailable', 'Somebody was enrolled a moment ago, and is not listed yet.', {
      retryAfter: 1,
    })
  return showAccess(access, await lastSeen(store, access.people))
}

/** Signed once all was judged: a certificate of what would be refused is not made. */
async function certified(
  deps: ApiDeps,
  caller: PersonCaller,
  id: string,
  kept: readonly string[],
): Promise<string | Refusal> {
  const seen = await readReview(deps.store, id, caller)
  if (seen instanceof Refusal) return seen
  const role = judgeRole('review.certify', caller, seen.subject)
  if (role instanceof Refusal) return role
  const { person } = caller
  const by = { person: person.id, name: person.name, role }
  const claims = certificateOf(deps.issuer, seen.review, by, kept, deps.clock.now())
  try {
    return await signStatement(deps.statements, statementTypes.review, certificateText(claims))
  } catch (error) {
    if (!(error instanceof SignerUnavailable)) throw error
    return refuse('signer_unavailable', 'The key that certificates are signed with did not answer.', {
      retryAfter: 5,
    })
  }
}

export const reviewOperations: readonly Operation[] = [
  forPeople({
    id: 'listReviews',
    method: 'GET',
    path: '/reviews',
    tag: 'reviews',
    summary: 'The access reviews that you see',
    query: listQuery.extend({ state: z.enum(reviewStates).optional(), organisation: anyId.optional() }),
    answers: { 200: listOf(reviewShown) },
    answer({ deps: { store }, caller, query: { state, organisation: of, ...page } }) {
      // A partner's people see their own: there is no need to look at all.
      const owner = of ?? (caller.viewer.kind === 'partner' ? caller.viewer.organisation : undefined)
      return listRecords<Review>(store, {
        record: 'review',
        ...(owner !== undefined && { owner }),
        ...page,
        show: async one =>
          (state === undefined || one.state === state) && (await isSeen(store, caller, one))
            ? showReview(one)
            : undefined,
      })
    },
  }),
  forPeople({
    id: 'getReview',
    method: 'GET',
    path: '/reviews/{review}',
    tag: 'reviews',
    summary: 'One access review; for its own administrators with whom it is about',
    answers: { 200: reviewShown },
    async answer({ deps: { store }, caller, path }) {
      const seen = await readReview(store, path.review ?? '', caller)
      if (seen instanceof Refusal) return seen
      const subjects = await subjectsOf(store, caller, seen.review)
      if (subjects instanceof Refusal) return subjects
      return { status: 200, body: showReview(seen.review, { subjects }), rev: seen.review.rev }
    },
  }),
  forPeople({
    id: 'certifyReview',
    method: 'POST',
    path: '/reviews/{review}/certify',
    tag: 'reviews',
    summary: 'Certify who keeps access: exactly those that have it',
    description:
      'Whoever is to lose access is removed or revoked first. What is certified is signed by this deployment, and the certificate stands in the review.',
    action: 'review.certify',
    changes: true,
    body: certificationBody,
    answers: decisionAnswers,
    async answer(context) {
      const { deps, caller, path, body, request, rev } = context
      const id = path.review ?? ''
      const { kept } = body
      const action = (params: object): Action => ({ name: 'review.certify', id, params: { kept, ...params } })
      if (body.dry_run) return decideBy(context, action({}))
      const marked = judgeReason(body.reason)
      if (marked) return marked
      const asked = { action: action({}), reason: toReason(body.reason), request }
      const judged = await preview(deps, caller, { ...asked, ...(rev !== undefined && { rev }) })
      if (judged instanceof Refusal) return judged
      const certificate = await certified(deps, caller, id, kept)
      if (certificate instanceof Refusal) return certificate
      return decideBy(context, action({ certificate }))
    },
  }),
]
