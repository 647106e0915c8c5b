/**
 * `evidence.receipt`: the officer's receipt, attested by one of those who handed the evidence over. The signature is made
 * before, by whoever asks for the decision: here it is judged that it is over the very statement that the records make.
 */
import canonicalize from 'canonicalize'
import type { Evidence } from '../../../shared/domain/evidence.ts'
import { type Governed, keys } from '../../../shared/domain/keys.ts'
import { Refusal, refuse } from '../../../shared/domain/refusal.ts'
import { time } from '../../../shared/domain/time.ts'
import { decodeBase64url } from '../../../shared/oauth/base64url.ts'
import type { Store } from '../../../shared/ports/store.ts'
import { change } from '../engine/changes.ts'
import type { Actor, Definition } from '../engine/plan.ts'
import { judgeRole } from '../engine/signer.ts'
import { evidenceSubject, readEvidence } from './evidence-record.ts'

export interface ReceiptAsked {
  readonly issuer: string
  /** When the statement was made; milliseconds. */
  readonly at: number
  readonly reference: string
  /** Hexadecimal. */
  readonly sha256: string
  /** Milliseconds. */
  readonly receivedAt: number
  /** Over the statement; absent where it is only shown what would be. */
  readonly jws?: string
}

export interface PreparedReceipt {
  readonly evidence: Governed<Evidence>
  readonly text: string
}

/** The claims of `sallyport-receipt+jwt`. Times in seconds since the epoch. */
export interface ReceiptStatement {
  readonly iss: string
  readonly iat: number
  readonly evidence: string
  readonly export: string
  readonly sha256: string
  readonly officer: string
  readonly agency: string
  readonly reference: string
  readonly received: number
  readonly attested_by: {
    readonly organisation: string
    readonly person: string
    readonly name: string
    readonly role: string
    readonly auth_time: number
    readonly acr: string | null
  }
}

const skewMs = 60_000

/** What would be signed, by the records as they stand. */
export async function prepareReceipt(
  store: Store,
  id: string,
  { issuer, at, reference, sha256, receivedAt }: Omit<ReceiptAsked, 'jws'>,
  actor: Actor | undefined,
  now: number,
): Promise<PreparedReceipt | Refusal> {
  if (actor === undefined) throw new Error('a receipt is attested by a person')
  const evidence = await readEvidence(store, id, actor)
  if (evidence instanceof Refusal) return evidence
  const role = judgeRole('evidence.receipt', actor, evidenceSubject(evidence))
  if (role instanceof Refusal) return role
  if (evidence.receipt)
    return refuse('state_forbids', `Its receipt was attested already, by ${evidence.receipt.by.name}.`)
  const [job] = await store.get([keys.export(evidence.export)])
  // The file may be kept no longer: it was received before.
  if (job?.sha256 === undefined || job.madeAt === undefined)
    return refuse('state_forbids', 'The file is not made yet: there is nothing to have been received.')
  if (job.sha256 !== sha256)
    return refuse('body_malformed', 'That is the digest of another file than the one that was made.', {
      field: 'sha256',
    })
  if (receivedAt < job.madeAt || receivedAt > now + skewMs)
    return refuse(
      'body_malformed',
      `The file was made at ${time(job.madeAt)}: it was received after that, and not after now.`,
      {
        field: 'received_at',
      },
    )
  const { person, organisation, authTime, acr } = actor
  const statement: ReceiptStatement = {
    iss: issuer,
    iat: Math.floor(at / 1000),
    evidence: id,
    export: evidence.export,
    sha256,
    officer: evidence.officer,
    agency: evidence.agency,
    reference,
    received: Math.floor(receivedAt / 1000),
    attested_by: {
      organisation: organisation.id,
      person: person.id,
      name: person.name,
      role,
      auth_time: Math.floor(authTime / 1000),
      acr: acr ?? null,
    },
  }
  return { evidence, text: canonicalize(statement) ?? '' }
}

export const receipt: Definition = {
  async plan({ store }, { id, params }, { actor, now }) {
    const asked = params as unknown as ReceiptAsked
    const prepared = await prepareReceipt(store, id, asked, actor, now)
    if (prepared instanceof Refusal) return prepared
    const { evidence, text } = prepared
    const { jws, reference, sha256, receivedAt } = asked
    if (jws !== undefined && !isOver(jws, text))
      return refuse('version_stale', 'What the receipt is made of has changed meanwhile.')
    return {
      subject: evidenceSubject(evidence),
      difference: [
        { field: 'receipt', from: null, to: { reference, sha256, received_at: time(receivedAt) } },
      ],
      recorded: { reference, sha256, receivedAt },
      writes: ({ by, eid }) => {
        if (jws === undefined) throw new Error('a receipt is attested with its signature')
        return [
          change<Evidence>(keys.evidence(id), evidence, {
            receipt: { reference, sha256, receivedAt, by, entry: eid, jws },
          }),
        ]
      },
      told: {
        type: 'evidence.received',
        text: `${evidence.agency} has received the evidence ${id}, as is attested.`,
        next: `sallyport export evidence get ${id}`,
      },
    }
  },
}

const isOver = (jws: string, text: string): boolean => {
  const payload = decodeBase64url(jws.split('.')[1] ?? '')
  return payload !== undefined && Buffer.from(payload).equals(Buffer.from(text))
}
