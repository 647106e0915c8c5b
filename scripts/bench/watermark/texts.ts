/**
 * Texts to measure attribution on: the documentation that the packages of `package-lock.json` bring along. It is read where
 * npm put it, so that it is the same wherever the same lock file was installed, and nobody's text is copied.
 */
import { hash } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { units } from '../../../shared/fingerprint/units.ts'
import { entryStream } from '../../../shared/watermark/stream.ts'

export interface Text {
  /** Its document, below `node_modules`. */
  readonly document: string
  readonly text: string
}

/** Fewer units are no reply that is worth a leak. */
const leastUnits = 120

/** Of packages that are installed whatever the platform. */
const documents = [
  'aws-cdk-lib/**/*.md',
  'undici/**/*.md',
  ...['aws-cdk', 'cdk-nag', 'commander', 'constructs', 'fast-check', 'fflate', 'oidc-provider'].map(inFront),
  ...['openai', '@anthropic-ai/sdk', 'zod', 'zod-openapi', 'vitest'].map(inFront),
]
const declarations = [
  '@types/node/**/*.d.ts',
  '@aws-sdk/client-*/dist-types/models/*.d.ts',
  '{openai,@anthropic-ai/sdk}/resources/**/*.d.ts',
  'undici/types/*.d.ts',
]
/** Nobody asks a model for these. */
const notAsked = /licen|notice|changelog|contribut|security/i
/** One frame, filled in for each of hundreds of services: as texts they are all the same one. */
const generated = 'There are no official hand-written'

function inFront(name: string): string {
  return `${name}/*.md`
}

/**
 * Sections of documents and comments of declarations, each once: some 2,400, in an order that is always the same; or of
 * every `nth` file only.
 */
export function shippedTexts(nth = 1, root = 'node_modules'): readonly Text[] {
  const all = [...cut(root, nth, documents, sectionsOf), ...cut(root, nth, declarations, commentsOf)]
  return eachOnce(all.filter(({ text }) => !text.includes(generated)))
}

/** Written without blanks between words. */
export const unspacedLanguages = {
  zh: 'Chinese',
  ja: 'Japanese',
  th: 'Thai',
  km: 'Khmer',
  my: 'Burmese',
} as const

const namesOfText = 60

/**
 * No package brings documentation in these languages along, so their texts are made up: names of regions, languages and
 * currencies as Node knows them, in another order each, without a blank.
 */
export function unspacedTexts(language: keyof typeof unspacedLanguages, count: number): readonly Text[] {
  const names = namesIn(language)
  const chance = entryStream(hash('sha256', language, 'buffer'), 'texts')
  return Array.from({ length: count }, (_, i) => ({
    document: `${language} ${i}`,
    text: Array.from({ length: namesOfText }, () => names[chance.below(names.length)]).join(''),
  }))
}

function namesIn(language: string): readonly string[] {
  const codes = { region: regions(), language: letters(2), currency: Intl.supportedValuesOf('currency') }
  return Object.entries(codes).flatMap(([type, all]) => {
    const names = new Intl.DisplayNames(language, {
      type: type as keyof typeof codes,
      fallback: 'none',
    })
    return all.flatMap(code => names.of(code) ?? [])
  })
}

const regions = (): readonly string[] => letters(2).map(code => code.toUpperCase())

const letters = (length: number): readonly string[] =>
  length === 0
    ? ['']
    : letters(length - 1).flatMap(front => [...'abcdefghijklmnopqrstuvwxyz'].map(letter => front + letter))

export type Kind = 'prose' | 'code' | 'tables'

/** Of each text that has enough of it, what is of one kind. */
export function ofKind(texts: readonly Text[], kind: Kind): readonly Text[] {
  return eachOnce(texts.map(({ document, text }) => ({ document, text: parts(text)[kind] })))
}

function parts(text: string): Readonly<Record<Kind, string>> {
  const code = [...text.matchAll(fenced)].map(([, block]) => block).join('\n')
  const lines = text.replaceAll(fenced, '').split('\n')
  return {
    code,
    tables: lines.filter(isRow).join('\n'),
    prose: lines.filter(line => !isRow(line)).join('\n'),
  }
}

const fenced = /^ *```[^\n]*\n(.*?)^ *```/gms
const isRow = (line: string): boolean => line.trimStart().startsWith('|')

function cut(
  root: string,
  nth: number,
  patterns: readonly string[],
  by: (text: string) => readonly string[],
): readonly Text[] {
  return patterns
    .flatMap(pattern => globSync(pattern, { cwd: root }).sort())
    .filter(document => !notAsked.test(document))
    .filter((_, i) => i % nth === 0)
    .flatMap(document => by(readFileSync(`${root}/${document}`, 'utf8')).map(text => ({ document, text })))
}

/** From a heading to the next. */
const sectionsOf = (text: string): readonly string[] => text.split(/^(?=#{1,6} )/m)

/** Of TypeScript, without the stars in front of their lines. */
const commentsOf = (text: string): readonly string[] =>
  [...text.matchAll(/\/\*\*(.*?)\*\//gs)].map(([, comment = '']) => comment.replaceAll(/^\s*\* ?/gm, ''))

function eachOnce(texts: readonly Text[]): readonly Text[] {
  const seen = new Set<string>()
  return texts.filter(({ text }) => {
    const words = units(text)
    const same = words.join(' ')
    if (words.length < leastUnits || seen.has(same)) return false
    seen.add(same)
    return true
  })
}
