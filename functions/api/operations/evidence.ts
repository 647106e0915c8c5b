import { signStatement, statementTypes } from '../../../shared/agreements/statement.ts'
import type { Evidence } from '../../../shared/domain/evidence.ts'
import { randomId } from '../../../shared/domain/id.ts'
import { type Governed, keys } from '../../../shared/domain/keys.ts'
import { judgeText } from '../../../shared/domain/marking.ts'
import { Refusal, refuse } from '../../../shared/domain/refusal.ts'
import { sees } from '../../../shared/domain/who-sees.ts'
import { SignerUnavailable } from '../../../shared/ports/keys.ts'
import type { EvidenceAsked } from '../../governance/evidence/evidence.ts'
import { evidenceFacts, readEvidence } from '../../governance/evidence/evidence-record.ts'
import { prepareReceipt, type ReceiptAsked } from '../../governance/evidence/receipt.ts'
import type { ApiDeps } from '../app.ts'
import { creationAnswers, decideBy, decisionAnswers } from '../decision.ts'
import { listRecords } from '../lists.ts'
import { forPeople, type Operation } from '../operation.ts'
import { listOf, listQuery } from '../shapes/common.ts'
import { evidenceBody, evidenceShown, receiptBody, showEvidence, toSelection } from '../shapes/evidence.ts'

async function shown({ store }: ApiDeps, evidence: Governed<Evidence>): Promise<object> {
  const [job] = await store.get([keys.export(evidence.export)])
  return showEvidence(evidence, job)
}

/** The compact JWS over a receipt; the keys that it verifies with are published. */
async function signed({ statements, telemetry }: ApiDeps, text: string): Promise<string | Refusal> {
  try {
    return await signStatement(statements, statementTypes.receipt, text)
  } catch (error) {
    if (!(error instanceof SignerUnavailable)) throw error
    telemetry.error('a receipt could not be signed', error)
    return refuse('signer_unavailable', 'The key that receipts are signed with did not answer.')
  }
}

export const evidenceOperations: readonly Operation[] = [
  forPeople({
    id: 'listEvidence',
    method: 'GET',
    path: '/evidence',
    tag: 'evidence',
    summary: 'Evidence that was handed over, as far as you see it',
    query: listQuery,
    answers: { 200: listOf(evidenceShown) },
    answer: ({ deps, caller: { viewer }, query }) =>
      listRecords<Evidence>(deps.store, {
        record: 'evidence',
        ...query,
        show: one => (sees(viewer, evidenceFacts(one)) ? shown(deps, one) : undefined),
      }),
  }),
  forPeople({
    id: 'getEvidence',
    method: 'GET',
    path: '/evidence/{evidence}',
    tag: 'evidence',
    summary: 'One of them: what was asked for, who decided on it, the file, and the receipt',
    answers: { 200: evidenceShown },
    async answer({ deps, caller, path }) {
      const evidence = await readEvidence(deps.store, path.evidence ?? '', caller)
      if (evidence instanceof Refusal) return evidence
      return { status: 200, body: await shown(deps, evidence), rev: evidence.rev }
    },
  }),
  forPeople({
    id: 'exportEvidence',
    method: 'POST',
    path: '/evidence',
    tag: 'evidence',
    summary: 'Hand entries over to whoever investigates, developer and office together',
    description:
      'Entries that the developer could see itself, whole, with their exact times and the chain of custody, as the copy of whoever asks. Nothing is said of how many there are before both have signed. A partner does not learn of it.',
    action: 'evidence.export',
    creates: true,
    body: evidenceBody,
    answers: creationAnswers,
    async answer(context) {
      const { deps, body } = context
      const marked =
        judgeText(body.purpose, 'purpose') ??
        judgeText(body.officer, 'officer') ??
        judgeText(body.agency, 'agency')
      if (marked) return marked
      const id = randomId('evidence', deps.random.bytes(16))
      const params: EvidenceAsked = {
        selection: toSelection(body.selection),
        statutes: body.statutes,
        officer: body.officer,
        agency: body.agency,
        purpose: body.purpose,
        ...(body.developer !== undefined && { developer: body.developer }),
      }
      return decideBy(context, { name: 'evidence.export', id, params: { ...params } }, `/evidence/${id}`)
    },
  }),
  forPeople({
    id: 'attestReceipt',
    method: 'POST',
    path: '/evidence/{evidence}/receipt',
    tag: 'evidence',
    summary: 'Attest that the officer has received the file, by its digest',
    description: 'The gateway signs a statement of it; it is done once.',
    action: 'evidence.receipt',
    changes: true,
    body: receiptBody,
    answers: decisionAnswers,
    async answer(context) {
      const { deps, body, path, caller } = context
      const id = path.evidence ?? ''
      const marked = judgeText(body.reference, 'reference')
      if (marked) return marked
      const asked: ReceiptAsked = {
        issuer: deps.issuer,
        at: deps.clock.now(),
        reference: body.reference,
        sha256: body.sha256,
        receivedAt: Date.parse(body.received_at),
      }
      const prepared = await prepareReceipt(deps.store, id, asked, caller, asked.at)
      if (prepared instanceof Refusal) return prepared
      const { rev } = prepared.evidence
      if (context.rev !== undefined && context.rev !== rev)
        return refuse('version_stale', `You saw version ${context.rev}; it is version ${rev} now.`)
      const jws = body.dry_run ? undefined : await signed(deps, prepared.text)
      if (jws instanceof Refusal) return jws
      const params: ReceiptAsked = { ...asked, ...(jws !== undefined && { jws }) }
      return decideBy(context, { name: 'evidence.receipt', id, params: { ...params } })
    },
  }),
]
