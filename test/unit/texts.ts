/** All that this product says to somebody: literals of its code, its documents, its API and the help of its commands. */
import { globSync, readFileSync } from 'node:fs'
import { Command } from 'commander'
import { createProgram } from '../../client/cli/program.ts'
import { RecordedTerminal } from './client/recorded-terminal.ts'

export interface Text {
  /** Where it stands. */
  readonly at: string
  readonly text: string
}

/** In the words of the reader: without line breaks, one sentence each. */
export const sentencesOf = ({ at, text }: Text): readonly Text[] =>
  text
    .replace(/\s+/g, ' ')
    .split(/(?<=[.!?:;])\s+(?=[\p{Lu}“"‘`*])/u)
    .map(sentence => ({ at, text: sentence.replace(/^…\s*|\s*…$/g, '').trim() }))
    .filter(one => one.text !== '')

export const codeTexts = (folders: readonly string[]): readonly Text[] =>
  folders.flatMap(folder =>
    globSync(`${folder}/**/*.ts`).flatMap(file =>
      literalsOf(readFileSync(file, 'utf8'), file).map(text => ({ at: file, text })),
    ),
  )

/** Paragraphs of Markdown; each row of a table and each line of a code block is one of its own. */
export const documentTexts = (files: readonly string[]): readonly Text[] =>
  files.flatMap(file =>
    readFileSync(file, 'utf8')
      .replace(/^```.*?^```$/gms, block => block.replaceAll('\n', '\n\n'))
      .replace(/^\|.*$/gm, row => `\n${row}\n`)
      .replace(/^([-*#]|\d+\.) /gm, '\n$1 ')
      .split(/\n\s*\n/)
      .map(text => ({ at: file, text: text.replace(/^(?:[-*#]+|\d+\.) /, '') })),
  )

export const jsonTexts = (file: string): readonly Text[] => {
  const found: Text[] = []
  const walk = (value: unknown): void => {
    if (typeof value === 'string') found.push({ at: file, text: value })
    else if (Array.isArray(value)) value.forEach(walk)
    else if (typeof value === 'object' && value !== null)
      for (const [name, one] of Object.entries(value)) walk([name, one])
  }
  walk(JSON.parse(readFileSync(file, 'utf8')))
  return found
}

/** What the help of every command says of it, of its arguments and of its options. */
export function helpTexts(): readonly Text[] {
  const walk = (command: Command, at: string): readonly Text[] => [
    ...[command, ...command.registeredArguments, ...command.options].map(one => ({
      at: `${at} --help`,
      text: one instanceof Command ? one.description() : one.description,
    })),
    ...command.commands.flatMap(one => walk(one, `${at} ${one.name()}`)),
  ]
  return walk(createProgram(new RecordedTerminal()).program, 'sallyport')
}

const regexCanFollow = /(?:^|[(,=:[!&|?{};+\-*%<>~^]|=>|\b(?:return|typeof|case|in|of|void|await|yield))\s*$/

/**
 * String and template literals of TypeScript, with … for what is put into a template. Throws where it has lost its way,
 * so that nothing goes unread.
 */
export function literalsOf(source: string, file = 'source'): readonly string[] {
  const found: string[] = []
  /** Templates that are open: what was read of each, and the braces open in what is being put into it. */
  const open: { text: string; braces: number }[] = []
  const lost = (what: string): Error => new Error(`${file}: ${what} has no end`)
  let i = 0
  let before = ''

  /** What stands before the next `end`, but for those that a backslash or a class of a pattern takes for itself. */
  function readUntil(end: string, what: string): string {
    let text = ''
    let isClass = false
    for (; source[i] !== end || isClass; i++) {
      if (i >= source.length || source[i] === '\n') throw lost(what)
      if (end === '/' && source[i] === '[') isClass = true
      if (end === '/' && source[i] === ']') isClass = false
      if (source[i] === '\\') i++
      text += source[i]
    }
    i++
    return text
  }

  /** Whether it has come to its end, rather than to what is put into it. */
  function readTemplate(text: string): boolean {
    let read = text
    for (; source[i] !== '`'; i++) {
      if (i >= source.length) throw lost('a template')
      if (source.startsWith('${', i)) {
        open.push({ text: `${read}…`, braces: 0 })
        i += 2
        return false
      }
      if (source[i] === '\\') i++
      read += source[i]
    }
    found.push(read)
    i++
    return true
  }

  function endOf(mark: string, from: number): number {
    const end = source.indexOf(mark, from)
    return end < 0 ? source.length : end + mark.length
  }

  while (i < source.length) {
    const char = source[i++] ?? ''
    const inside = open.at(-1)
    if (char === '/' && source[i] === '/') i = endOf('\n', i)
    else if (char === '/' && source[i] === '*') i = endOf('*/', i + 1)
    else if (char === "'" || char === '"') {
      found.push(readUntil(char, 'a string'))
      before = ')'
    } else if (char === '`') before = readTemplate('') ? ')' : '('
    else if (char === '/' && regexCanFollow.test(before)) {
      readUntil('/', 'a pattern')
      before = ')'
    } else if (char === '}' && inside?.braces === 0) {
      open.pop()
      before = readTemplate(inside.text) ? ')' : '('
    } else {
      if (inside && char === '{') inside.braces++
      if (inside && char === '}') inside.braces--
      before = `${before}${char}`.slice(-12)
    }
  }
  if (open.length > 0) throw lost('a template')
  return found
}
