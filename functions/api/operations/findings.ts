import * as z from 'zod'
import { signStatement, statementTypes } from '../../../shared/agreements/statement.ts'
import { type Finding, findingKinds, findingStates, isWithheld } from '../../../shared/domain/findings.ts'
import { randomId } from '../../../shared/domain/id.ts'
import type { Governed } from '../../../shared/domain/keys.ts'
import { judgeText } from '../../../shared/domain/marking.ts'
import { Refusal, refuse } from '../../../shared/domain/refusal.ts'
import type { ReasonCode } from '../../../shared/domain/stop.ts'
import { time } from '../../../shared/domain/time.ts'
import { sees, type Viewer } from '../../../shared/domain/who-sees.ts'
import { SignerUnavailable } from '../../../shared/ports/keys.ts'
import { factsOf } from '../../governance/engine/sight.ts'
import { findingSubject, readFinding } from '../../governance/findings/finding-record.ts'
import type { Sharing } from '../../governance/findings/findings.ts'
import { type HandingOff, noAdvisory, prepare } from '../../governance/findings/hand-off-finding.ts'
import type { Reported } from '../../governance/findings/report-finding.ts'
import { newSalt } from '../../governance/findings/words-digest.ts'
import type { ApiDeps } from '../app.ts'
import { creationAnswers, decideBy, decisionAnswers, decisionBody } from '../decision.ts'
import { listRecords } from '../lists.ts'
import { forPeople, type Operation } from '../operation.ts'
import { anyId, listOf, listQuery, pageText, reasonBody } from '../shapes/common.ts'
import {
  advisoryShown,
  findingBody,
  findingShown,
  judgeWords,
  productStatusBody,
  remediationBody,
  showFinding,
} from '../shapes/finding.ts'

const isSeen = (viewer: Viewer, finding: Governed<Finding>): boolean =>
  sees(viewer, factsOf('finding', findingSubject(finding))) !== undefined

/** Of what says everything by its own words, which are kept out of the log: why it is said need not be told again. */
const optionalReason = decisionBody.extend({
  reason: reasonBody
    .optional()
    .meta({ description: 'Stands in the log, as the words of the finding do not.' }),
})

const reasonOr = (code: ReasonCode, given: z.infer<typeof reasonBody> | undefined) =>
  given ?? { code, text: '' }

/** The compact JWS over an advisory; the keys that it verifies with are published. */
async function signed({ statements, telemetry }: ApiDeps, text: string): Promise<string | Refusal> {
  try {
    return await signStatement(statements, statementTypes.advisory, text)
  } catch (error) {
    if (!(error instanceof SignerUnavailable)) throw error
    telemetry.error('an advisory could not be signed', error)
    return refuse('signer_unavailable', 'The key that advisories are signed with did not answer.')
  }
}

export const findingOperations: readonly Operation[] = [
  forPeople({
    id: 'listFindings',
    method: 'GET',
    path: '/findings',
    tag: 'findings',
    summary: 'The incidents, vulnerabilities and patterns that you see',
    query: listQuery.extend({
      model: anyId.optional(),
      kind: z.enum(findingKinds).optional(),
      state: z.enum(findingStates).optional(),
    }),
    answers: { 200: listOf(findingShown) },
    answer: ({ deps, caller: { viewer }, query: { model, kind, state, ...page } }) =>
      listRecords<Finding>(deps.store, {
        record: 'finding',
        ...(viewer.kind === 'partner' && { owner: viewer.organisation }),
        ...page,
        show: one => {
          const asked =
            (model === undefined || one.model === model) &&
            (kind === undefined || one.kind === kind) &&
            (state === undefined || one.state === state)
          return asked && isSeen(viewer, one) ? showFinding(one, viewer, deps.clock.now()) : undefined
        },
      }),
  }),
  forPeople({
    id: 'getFinding',
    method: 'GET',
    path: '/findings/{finding}',
    tag: 'findings',
    summary: 'One finding',
    answers: { 200: findingShown },
    async answer({ deps, caller, path }) {
      const finding = await readFinding(deps.store, path.finding ?? '', caller)
      if (finding instanceof Refusal) return finding
      return { status: 200, body: showFinding(finding, caller.viewer, deps.clock.now()), rev: finding.rev }
    },
  }),
  forPeople({
    id: 'reportFinding',
    method: 'POST',
    path: '/findings',
    tag: 'findings',
    summary: 'Report an incident at your own place, or a vulnerability of a model that you see',
    description:
      'Its clocks run from the discovery, by the clause of the agreement. The log holds a salted digest of your words, never the words.',
    action: 'finding.report',
    creates: true,
    body: optionalReason.extend(findingBody.shape),
    answers: creationAnswers,
    async answer(context) {
      const { deps, body } = context
      const refused = judgeWords(body)
      if (refused) return refused
      const reason = reasonOr(body.kind === 'incident' ? 'security_incident' : 'operational', body.reason)
      const id = randomId('finding', deps.random.bytes(16))
      const params: Reported = {
        kind: body.kind,
        model: body.model,
        ...(body.agreement !== undefined && { agreement: body.agreement }),
        severity: body.severity,
        title: body.title,
        text: body.text,
        salt: newSalt(deps.random),
        discoveredAt: Date.parse(body.discovered_at),
        ...(body.embargo_days !== undefined && { embargoDays: body.embargo_days }),
      }
      return decideBy(
        { ...context, body: { ...body, reason } },
        { name: 'finding.report', id, params: { ...params } },
        `/findings/${id}`,
      )
    },
  }),
  forPeople({
    id: 'handOffFinding',
    method: 'POST',
    path: '/findings/{finding}/hand_off',
    tag: 'findings',
    summary: 'Hand it to a clearinghouse, as a signed CSAF 2.0 advisory',
    description:
      'It is sent until the clearinghouse answers with a receipt over the same digest. The advisory names the model and its developer, and not who reports it.',
    action: 'finding.hand_off',
    changes: true,
    body: decisionBody.extend({
      to: anyId.meta({ description: 'An office that takes findings.' }),
      status: productStatusBody.optional(),
      remediation: remediationBody.optional(),
    }),
    answers: decisionAnswers,
    async answer(context) {
      const { deps, body, path, caller } = context
      const id = path.finding ?? ''
      const marked = body.remediation && judgeText(body.remediation.details, 'remediation.details')
      if (marked) return marked
      const asked: HandingOff = {
        to: body.to,
        issuer: deps.issuer,
        at: deps.clock.now(),
        ...(body.status && { status: body.status }),
        ...(body.remediation && { remediation: body.remediation }),
      }
      const prepared = await prepare(deps.store, id, asked, caller)
      if (prepared instanceof Refusal) return prepared
      if (context.rev !== undefined && context.rev !== prepared.finding.rev)
        return refuse(
          'version_stale',
          `You saw version ${context.rev}; it is version ${prepared.finding.rev} now.`,
        )
      const jws = body.dry_run ? undefined : await signed(deps, prepared.advisory.text)
      if (jws instanceof Refusal) return jws
      const params: HandingOff = { ...asked, ...(jws !== undefined && { jws }) }
      return decideBy(context, { name: 'finding.hand_off', id, params: { ...params } })
    },
  }),
  forPeople({
    id: 'shareFinding',
    method: 'POST',
    path: '/findings/{finding}/share',
    tag: 'findings',
    summary: 'Show it to the consultants of an office, or no longer',
    description: 'Until its embargo ends they see that there is one, and no words of it.',
    action: 'finding.share',
    changes: true,
    body: decisionBody.extend({ organisation: anyId, shared: z.boolean().optional() }),
    answers: decisionAnswers,
    answer(context) {
      const { organisation, shared = true } = context.body
      const params: Sharing = { organisation, shared }
      return decideBy(context, {
        name: 'finding.share',
        id: context.path.finding ?? '',
        params: { ...params },
      })
    },
  }),
  forPeople({
    id: 'resolveFinding',
    method: 'POST',
    path: '/findings/{finding}/resolve',
    tag: 'findings',
    summary: 'Say as the developer what was done about it',
    description:
      'The log holds a salted digest of your words. An advisory on its way is delivered all the same.',
    action: 'finding.resolve',
    changes: true,
    body: optionalReason.extend({ text: pageText }),
    answers: decisionAnswers,
    async answer(context) {
      const { deps, body, path } = context
      const { text } = body
      const refused = judgeText(text, 'text')
      if (refused) return refused
      const reason = reasonOr('concern_resolved', body.reason)
      const params = { text, salt: newSalt(deps.random) }
      const action = { name: 'finding.resolve', id: path.finding ?? '', params } as const
      return decideBy({ ...context, body: { ...body, reason } }, action)
    },
  }),
  forPeople({
    id: 'getAdvisory',
    method: 'GET',
    path: '/findings/{finding}/advisory',
    tag: 'findings',
    summary: 'The advisory that was handed off, with its signature',
    byState: true,
    answers: { 200: advisoryShown },
    async answer({ deps, caller, path }) {
      const finding = await readFinding(deps.store, path.finding ?? '', caller)
      if (finding instanceof Refusal) return finding
      if (isWithheld(caller.viewer, finding, deps.clock.now()))
        return refuse(
          'state_forbids',
          `Its words are under embargo until ${time(finding.embargoUntil ?? 0)}.`,
        )
      const { handOff } = finding
      if (finding.kind === 'pattern') return noAdvisory(finding)
      if (handOff === undefined)
        return refuse('state_forbids', 'It was not handed off yet: there is no advisory.', {
          next: `Its developer or its reporter hands it off: sallyport finding hand-off ${finding.id}`,
        })
      return {
        status: 200,
        body: { document: handOff.advisory, sha256: handOff.digest, jws: handOff.jws },
        rev: finding.rev,
      }
    },
  }),
]
