/** The texts of agreements, version by version; and what is exported, to be verified without this deployment. */
import * as z from 'zod'
import { counterpartyOf, differenceOf } from '../../../shared/agreements/document.ts'
import { type Governed, keys } from '../../../shared/domain/keys.ts'
import type { Agreement } from '../../../shared/domain/records.ts'
import { Refusal, refuse } from '../../../shared/domain/refusal.ts'
import { type Signer, SignerUnavailable } from '../../../shared/ports/keys.ts'
import type { Store } from '../../../shared/ports/store.ts'
import {
  type AgreementSeen,
  documentOf,
  readAgreement,
  type Version,
} from '../../governance/agreements/read-agreement.ts'
import { readVersions } from '../../governance/agreements/versions.ts'
import type { PersonCaller } from '../caller.ts'
import { type Context, forPeople, type Operation } from '../operation.ts'
import {
  differenceShown,
  exportShown,
  showExport,
  showVersion,
  versionShown,
} from '../shapes/agreement-text.ts'
import { anyId } from '../shapes/common.ts'

/** Each is of 64 KB at most: all of them fit into an answer. */
const maxVersions = 40

/** What was never offered is its developer's alone, and so is what was offered to somebody else before. */
const isOpen = (
  version: Version,
  { developer, counterparty }: Agreement,
  { viewer }: PersonCaller,
): boolean =>
  viewer.organisation === developer ||
  (version.offeredAt !== undefined && counterpartyOf(documentOf(version)) === counterparty)

export async function readSeen({
  deps,
  caller,
  path,
}: Context<PersonCaller>): Promise<AgreementSeen | Refusal> {
  return readAgreement(deps.store, path.agreement ?? '', caller)
}

async function readOpen(
  store: Store,
  agreement: Governed<Agreement>,
  digest: string,
  caller: PersonCaller,
): Promise<Version | Refusal> {
  const [version] = await store.get([keys.agreementVersion(digest)])
  return version?.agreement === agreement.id && isOpen(version, agreement, caller)
    ? version
    : refuse('record_unknown', `The agreement ${agreement.id} has no version ${digest} for you.`, {
        next: `See which it has: sallyport agreement versions ${agreement.id}`,
      })
}

export const signerAway = (error: unknown): Refusal => {
  if (!(error instanceof SignerUnavailable)) throw error
  return refuse('signer_unavailable', 'The key that signatures are attested with did not answer.', {
    retryAfter: 1,
  })
}

const statementKey = ({ kid, alg, publicJwk }: Signer): object => ({ ...publicJwk, kid, alg, use: 'sig' })

export const agreementTextOperations: readonly Operation[] = [
  forPeople({
    id: 'listAgreementVersions',
    method: 'GET',
    path: '/agreements/{agreement}/versions',
    tag: 'agreements',
    summary: 'The versions of an agreement, the newest first',
    description: `The last ${maxVersions}; an older one is read by its digest, which the entries of its decisions name.`,
    answers: { 200: z.object({ items: z.array(versionShown) }) },
    async answer(context) {
      const { deps, caller } = context
      const seen = await readSeen(context)
      if (seen instanceof Refusal) return seen
      const versions = await readVersions(deps.store, seen.agreement.id)
      const open = versions.filter(one => isOpen(one, seen.agreement, caller))
      const items = open.slice(0, maxVersions).map(showVersion)
      return { status: 200, body: { items } }
    },
  }),
  forPeople({
    id: 'getAgreementVersion',
    method: 'GET',
    path: '/agreements/{agreement}/versions/{digest}',
    tag: 'agreements',
    summary: 'One version by its digest',
    answers: { 200: versionShown },
    async answer(context) {
      const { deps, caller, path } = context
      const seen = await readSeen(context)
      if (seen instanceof Refusal) return seen
      const version = await readOpen(deps.store, seen.agreement, path.digest ?? '', caller)
      return version instanceof Refusal ? version : { status: 200, body: showVersion(version) }
    },
  }),
  forPeople({
    id: 'getAgreementDifference',
    method: 'GET',
    path: '/agreements/{agreement}/difference',
    tag: 'agreements',
    summary: 'What one version says that another does not',
    query: z.strictObject({
      from: anyId.optional().meta({ description: 'A digest; absent: the version in force.' }),
      to: anyId.optional().meta({ description: 'A digest; absent: the version to come.' }),
    }),
    answers: { 200: differenceShown },
    async answer(context) {
      const { deps, caller, query } = context
      const seen = await readSeen(context)
      if (seen instanceof Refusal) return seen
      const { agreement } = seen
      const [from, to] = [
        query.from ?? agreement.digest,
        query.to ?? agreement.next?.digest ?? agreement.digest,
      ]
      const [before, after] = await Promise.all([
        readOpen(deps.store, agreement, from, caller),
        readOpen(deps.store, agreement, to, caller),
      ])
      if (before instanceof Refusal) return before
      if (after instanceof Refusal) {
        if (query.to !== undefined) return after
        return { status: 200, body: { from, to: from, changes: [] } }
      }
      const changes = differenceOf(documentOf(before), documentOf(after))
      return { status: 200, body: { from, to, changes } }
    },
  }),
  forPeople({
    id: 'exportAgreement',
    method: 'GET',
    path: '/agreements/{agreement}/export',
    tag: 'agreements',
    summary: 'A version with its signatures and the keys to them, to be verified without this deployment',
    query: z.strictObject({
      digest: anyId.optional().meta({ description: 'Absent: the version in force.' }),
    }),
    answers: { 200: exportShown },
    async answer(context) {
      const { deps, caller, query } = context
      const seen = await readSeen(context)
      if (seen instanceof Refusal) return seen
      const { agreement } = seen
      const version = await readOpen(deps.store, agreement, query.digest ?? agreement.digest, caller)
      if (version instanceof Refusal) return version
      try {
        return { status: 200, body: showExport(version, [statementKey(deps.statements)]) }
      } catch (error) {
        return signerAway(error)
      }
    },
  }),
]
