/** What the chapters have in common that are about agreements: they are read, offered and signed. */
import { at, textAt } from '../../client/json.ts'
import type { AgreementDocument } from '../../shared/agreements/document.ts'
import type { Stage } from './stage.ts'

export const pathOf = (agreement: string): string => `/agreements/${agreement}`

/** Of the version that waits, if there is one, else of the one in force. */
export async function digestAt(stage: Stage, who: string, agreement: string): Promise<string> {
  const seen = await stage.sees(who, pathOf(agreement))
  return textAt(seen, 'next', 'digest') ?? textAt(seen, 'digest') ?? ''
}

export async function documentAt(stage: Stage, who: string, agreement: string): Promise<AgreementDocument> {
  const seen = await stage.sees(who, pathOf(agreement))
  return (at(seen, 'next', 'document') ?? at(seen, 'document')) as AgreementDocument
}

export const idIn = (answer: unknown): string => textAt(answer, 'subject', 'id') ?? ''

export async function offers(stage: Stage, who: string, agreement: string): Promise<void> {
  const path = pathOf(agreement)
  await stage.does({ who, what: 'offers it to the parties', path: `${path}/offer`, on: path, tells: offered })
}

/** The deployment states who signed. */
export async function signsAttested(
  stage: Stage,
  who: string,
  agreement: string,
  what?: string,
): Promise<void> {
  const path = pathOf(agreement)
  await stage.does({
    who,
    what: what ?? 'reads it and signs it; the deployment attests who they are',
    path: `${path}/sign`,
    on: path,
    body: { digest: await digestAt(stage, who, agreement) },
    tells: signed,
  })
}

export async function acknowledges(stage: Stage, who: string, agreement: string): Promise<void> {
  const path = pathOf(agreement)
  await stage.does({
    who,
    what: 'reads and acknowledges the notice of what is recorded',
    path: `${path}/acknowledge`,
    on: path,
    body: { digest: textAt(await stage.sees(who, path), 'digest') },
    tells: () => 'acknowledged',
  })
}

interface Change {
  readonly field: string
  readonly to: unknown
}

const changeOf = (answer: unknown, field: string): unknown =>
  ((at(answer, 'difference') as readonly Change[] | undefined) ?? []).find(one => one.field === field)?.to

const offered = (answer: unknown): string =>
  `offered, digest ${String(changeOf(answer, 'digest') ?? '').slice(0, 12)}…`

export function signed(answer: unknown): string {
  const state = changeOf(answer, 'state')
  const digest = changeOf(answer, 'digest')
  if (state !== undefined) return `signed by all: ${state}`
  return digest === undefined
    ? 'signed; others are still to sign'
    : 'signed by all: it replaces the one before'
}
