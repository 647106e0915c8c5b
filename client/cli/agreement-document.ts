/** Documents of agreements as the gateway shows them, and judged here before anybody relies on them. */
import { InvalidArgumentError } from 'commander'
import { type AgreementDocument, digestOf, documentText } from '../../shared/agreements/document.ts'
import { at, textAt } from '../json.ts'
import { parseDocument } from './agreement-text.ts'
import type { Cli } from './cli.ts'
import { exit, Failure } from './failure.ts'
import { type Noun, recordPath } from './record-commands.ts'
import { readRecord } from './records.ts'

export const noun: Noun = { name: 'agreement', path: '/agreements' }

export const agreementPath = (id: string): string => recordPath(noun, id)

/** One version: what is signed, and its digest, which was computed here. */
export interface Version {
  readonly document: AgreementDocument
  /** Canonical JSON: the bytes that are signed. */
  readonly text: string
  readonly digest: string
}

/**
 * `shown` holds a `document` and the `digest` that the gateway says it has. Throws a `Failure` where both do not fit, or
 * the document is of another agreement than `id`, or says what this program could not show.
 */
export function judgeVersion(id: string, shown: unknown): Version {
  const text = canonicalOf(at(shown, 'document'))
  const document = parseDocument(Buffer.from(text))
  if (typeof document === 'string')
    throw new Failure(exit.failed, `The document cannot be shown as it is meant: ${document}.`, {
      code: 'document_unknown',
      next: 'Sign nothing. Is there a newer version of this program?',
    })
  const digest = digestOf(text)
  if (digest !== textAt(shown, 'digest'))
    throw mismatch('The digest is not that of the document that the gateway shows.')
  if (document.agreement !== id) throw mismatch(`The document is of ${document.agreement}, and not of ${id}.`)
  return { document, text, digest }
}

function canonicalOf(document: unknown): string {
  try {
    return documentText(document as AgreementDocument)
  } catch {
    return ''
  }
}

const mismatch = (what: string): Failure =>
  new Failure(exit.failed, what, {
    code: 'digest_mismatch',
    next: 'Sign nothing, and ask whoever operates the gateway.',
  })

export const readVersion = async (cli: Cli, id: string, digest: string): Promise<Version> => {
  const version = judgeVersion(id, await readRecord(cli, `${agreementPath(id)}/versions/${digest}`))
  if (version.digest !== digest)
    throw mismatch('The gateway shows another version than that which was asked for.')
  return version
}

/** Of an option: SHA-256 in base64url. */
export function digestOption(text: string): string {
  if (!/^[A-Za-z0-9_-]{43}$/.test(text))
    throw new InvalidArgumentError(
      'It is 43 characters of base64url: see sallyport agreement versions <agreement>.',
    )
  return text
}
