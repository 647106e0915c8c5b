/** A document of what somebody says of a draft: parties and models by the records, and compiled, so that it does what it says. */
import { type Compiled, compile } from '../../../shared/agreements/compile.ts'
import {
  type AgreementDocument,
  counterpartyOf,
  documentFormat,
  documentText,
  type Party,
} from '../../../shared/agreements/document.ts'
import { isSample, templateOf } from '../../../shared/agreements/templates.ts'
import type { Clause } from '../../../shared/domain/clauses.ts'
import { keys } from '../../../shared/domain/keys.ts'
import { type Organisation, standingText } from '../../../shared/domain/parties.ts'
import type { Agreement, AgreementKind } from '../../../shared/domain/records.ts'
import { Refusal, refuse, unknownRecord } from '../../../shared/domain/refusal.ts'
import { time } from '../../../shared/domain/time.ts'
import type { Store } from '../../../shared/ports/store.ts'
import { judgeSightIn } from '../engine/engagement.ts'
import type { Actor, Planning } from '../engine/plan.ts'
import { deciders, organisationSubject } from '../engine/subjects.ts'
import type { Version } from './read-agreement.ts'

/** What is said of a draft. Of a change, what is left out stays. Times are RFC 3339. */
export interface DraftWords {
  readonly kind?: AgreementKind | undefined
  readonly counterparty?: string | undefined
  /** An office that signs an access agreement too; null takes it out again. */
  readonly third_party?: string | null | undefined
  /** Null: its clauses are somebody's own by now. */
  readonly template?: string | null | undefined
  readonly title?: string | undefined
  readonly models?: readonly string[] | undefined
  readonly starts_at?: string | undefined
  readonly ends_at?: string | undefined
  readonly clauses?: readonly Clause[] | undefined
}

/** Bytes of the canonical text. */
const maxText = 65_536
export interface Drafted {
  readonly document: AgreementDocument
  readonly compiled: Compiled
  readonly text: string
  /** It says the same as one that was offered before. */
  readonly known: Version | undefined
}

interface Drawing {
  readonly id: string
  readonly version: number
  readonly developer: string
  readonly words: DraftWords
  readonly base?: AgreementDocument
}

export async function drawUp(
  store: Store,
  drawing: Drawing,
  { actor, now }: Planning,
): Promise<Drafted | Refusal> {
  const { id, version, developer, words, base } = drawing
  const named = words.template ?? undefined
  const template = named === undefined ? undefined : templateOf(named)
  if (named !== undefined && template === undefined)
    return malformed('template', `There is no template ${named}.`, {
      next: 'See which there are: sallyport agreement templates',
    })
  const kind = words.kind ?? base?.kind ?? template?.kind
  const title = words.title ?? template?.title ?? base?.title
  const clauses = words.clauses ?? template?.clauses ?? base?.clauses
  const models = words.models ?? base?.models
  const counterparty = words.counterparty ?? (base && counterpartyOf(base))
  const [starts, ends] = [words.starts_at ?? base?.starts_at, words.ends_at ?? base?.ends_at]
  if (title === undefined) return malformed('title', 'Give it a title, or draft it from a template.')
  if (clauses === undefined) return malformed('clauses', 'Give its clauses, or draft it from a template.')
  if (
    kind === undefined ||
    models === undefined ||
    counterparty === undefined ||
    starts === undefined ||
    ends === undefined
  )
    return malformed('kind', 'Say its kind, its counterparty, its models and its term.')
  if (template && template.kind !== kind)
    return malformed('template', `The template ${template.id} is of the kind ${template.kind}.`)
  const third = words.third_party === undefined ? thirdOf(base) : (words.third_party ?? undefined)
  const parties = await readParties(store, { kind, developer, counterparty, third }, actor)
  if (parties instanceof Refusal) return parties
  const sample = clauses.some(isSample)
  // What was drafted from a template stays so however much of it is changed, until somebody says that the text is theirs,
  // and it is: none of it says any more that it binds nobody.
  const from = template?.id ?? (words.template === null && !sample ? null : (base?.template ?? null))
  const document: AgreementDocument = {
    format: documentFormat,
    agreement: id,
    version,
    kind,
    title,
    template: from,
    made_up: from !== null || sample,
    parties,
    models,
    starts_at: time(Date.parse(starts)),
    ends_at: time(Date.parse(ends)),
    clauses,
  }
  const compiled = compile(document)
  if (compiled instanceof Refusal) return inWordsOfBody(compiled)
  if (compiled.endsAt <= now) return malformed('ends_at', 'It ends after now.')
  const refused = await judgeModels(store, compiled)
  if (refused) return refused
  const text = documentText(document)
  if (Buffer.byteLength(text) > maxText)
    return malformed(
      'clauses',
      `The document takes ${Buffer.byteLength(text)} bytes; ${maxText} are the most.`,
    )
  const [known] = await store.get([keys.agreementVersion(compiled.digest)])
  return { document, compiled, text, known }
}

const malformed = (field: string, detail: string, further: { readonly next?: string } = {}): Refusal =>
  refuse('body_malformed', detail, { field, ...further })

/** The compiler names fields of the document; the body has them without that word. */
const inWordsOfBody = ({ code, facts: { detail, field, ...rest } }: Refusal): Refusal =>
  refuse(code, detail ?? '', { ...rest, ...(field && { field: field.replace(/^document\./, '') }) })

const thirdOf = (base: AgreementDocument | undefined): string | undefined =>
  base?.kind === 'access' ? base.parties.find(({ as }) => as === 'government')?.organisation : undefined

interface Between {
  readonly kind: AgreementKind
  readonly developer: string
  readonly counterparty: string
  readonly third: string | undefined
}

/** By the records, so that nobody is named otherwise than they are called here. */
async function readParties(
  store: Store,
  { kind, developer, counterparty, third }: Between,
  actor: Actor | undefined,
): Promise<readonly Party[] | Refusal> {
  const [own, other, office] = await store.get([
    keys.organisation(developer),
    keys.organisation(counterparty),
    ...(third === undefined ? [] : [keys.organisation(third)]),
  ])
  if (own?.kind !== 'developer') return malformed('developer', `${developer} is no developer here.`)
  const party = ({ id, name }: Organisation, as: Party['as']): Party => ({ organisation: id, name, as })
  if (kind === 'engagement') {
    if (other?.kind !== 'government')
      return malformed('counterparty', `${counterparty} is no government office here.`)
    if (third !== undefined)
      return malformed('third_party', 'An engagement is between a developer and one office.')
    return [party(own, 'developer'), party(other, 'government')]
  }
  if (
    other?.kind !== 'partner' ||
    (actor && (await judgeSightIn(store, actor, organisationSubject(other)))) ||
    !deciders(other).developers.includes(developer)
  )
    return unknownRecord('partner', counterparty, { field: 'counterparty' })
  const standing = judgeStanding(other)
  if (standing) return standing
  if (third === undefined) return [party(own, 'developer'), party(other, 'partner')]
  if (office?.kind !== 'government' || !deciders(other).governments.includes(third))
    return malformed('third_party', `${third} is no office that selects ${other.name}.`)
  return [party(own, 'developer'), party(other, 'partner'), party(office, 'government')]
}

export const judgeStanding = (counterparty: Organisation): Refusal | undefined =>
  counterparty.kind === 'partner' && (counterparty.partner === 'revoked' || counterparty.partner === 'closed')
    ? refuse('partner_revoked', standingText(counterparty))
    : undefined

/** Access is to models that exist; an engagement may come before them. Nobody agrees on another developer's. */
export async function judgeModels(
  store: Store,
  { kind, developer, models }: Pick<Agreement, 'kind' | 'developer' | 'models'>,
): Promise<Refusal | undefined> {
  const found = await store.get(models.map(keys.model))
  const foreign = models.find((_, i) => {
    const model = found[i]
    return model === undefined ? kind === 'access' : model.developer !== developer
  })
  if (foreign !== undefined)
    return refuse('record_unknown', `There is no model ${foreign} of yours.`, {
      field: 'models',
      next: 'See those that are: sallyport model list',
    })
  const withdrawn = found.find(model => model?.state === 'withdrawn')
  return withdrawn && refuse('model_withdrawn', `${withdrawn.name} was withdrawn.`, { field: 'models' })
}
