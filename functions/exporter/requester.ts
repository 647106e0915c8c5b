/** Whoever asked for an export, as the records have them now: it shows what they may see when it is read, and no more. */
import type { ExportJob, SeenAs } from '../../shared/domain/exports.ts'
import { keys } from '../../shared/domain/keys.ts'
import { judgePerson } from '../../shared/domain/person-authority.ts'
import { Refusal } from '../../shared/domain/refusal.ts'
import type { Viewer } from '../../shared/domain/who-sees.ts'
import { evidenceReader, type LogReader, logReader } from '../log/slots.ts'
import type { ExporterDeps } from './deps.ts'

export interface Requester {
  readonly kind: 'person'
  readonly person: { readonly id: string }
  readonly viewer: Viewer
}

/** Refused where they could not ask for it any more. */
export async function readRequester(
  { store, clock }: Pick<ExporterDeps, 'store' | 'clock'>,
  { person: { id }, organisation }: Pick<ExportJob, 'person' | 'organisation'>,
): Promise<Requester | Refusal> {
  const [standing, person, own] = await store.get([
    keys.standing,
    keys.person(id),
    keys.organisation(organisation),
  ])
  const member = judgePerson(
    { person: id, organisation },
    { standing, person, organisation: own },
    clock.now(),
  )
  if (member instanceof Refusal) return member
  const { kind } = member.organisation
  return {
    kind: 'person',
    person: { id },
    viewer: {
      organisation,
      kind,
      roles: member.person.roles,
      ...(member.organisation.kind === 'auditor' && { audits: member.organisation.audits ?? [] }),
    },
  }
}

/** Whose copy it is: evidence has no marks, and so slots of its own. */
export const exportReader = (kind: ExportJob['kind'], requester: Requester): LogReader =>
  kind === 'evidence' ? evidenceReader(requester) : logReader(requester)

/** What they were while it was collected: all of it, page by page. */
export function seenWith(
  seen: SeenAs | undefined,
  { roles, audits = [] }: Pick<Viewer, 'roles' | 'audits'>,
): SeenAs {
  return {
    roles: [...new Set([...(seen?.roles ?? []), ...roles])].sort(),
    audits: [...new Set([...(seen?.audits ?? []), ...audits])].sort(),
  }
}
