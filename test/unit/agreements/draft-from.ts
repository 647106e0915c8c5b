/** A document as it would be drafted from a template, without the records that drafting goes by. */
import { type AgreementDocument, documentFormat, type Party } from '../../../shared/agreements/document.ts'
import type { Template } from '../../../shared/agreements/templates.ts'

interface Drafting {
  readonly agreement: string
  readonly version: number
  readonly parties: readonly Party[]
  readonly models: readonly string[]
  /** RFC 3339. */
  readonly startsAt: string
  readonly endsAt: string
}

export const draftFrom = (
  template: Template,
  { agreement, version, parties, models, startsAt, endsAt }: Drafting,
): AgreementDocument => ({
  format: documentFormat,
  agreement,
  version,
  kind: template.kind,
  title: template.title,
  template: template.id,
  made_up: true,
  parties,
  models,
  starts_at: startsAt,
  ends_at: endsAt,
  clauses: template.clauses,
})
