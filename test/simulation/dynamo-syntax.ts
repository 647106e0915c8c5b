/** DynamoDB's expression language, as far as the adapter writes it, read into data. Names and values stay placeholders. */

export type Operand =
  | { readonly path: readonly string[] }
  | { readonly value: string }
  | { readonly size: readonly string[] }

export type Test =
  | { readonly every: readonly Test[] }
  | { readonly some: readonly Test[] }
  | { readonly not: Test }
  | { readonly left: Operand; readonly operator: Operator; readonly right: Operand }
  | { readonly between: Operand; readonly low: Operand; readonly high: Operand }
  | { readonly exists: readonly string[]; readonly is: boolean }
  | { readonly typed: readonly string[]; readonly type: string }

export type Operator = '=' | '<' | '<=' | '>' | '>='

/** `target = value`, or `target = base + value`; `otherwise` is what a base that is absent counts as. */
export interface Assignment {
  readonly target: readonly string[]
  readonly base?: readonly string[]
  readonly otherwise?: string
  readonly value: string
}

export interface Update {
  readonly set: readonly Assignment[]
  readonly remove: readonly (readonly string[])[]
}

const token = /\s*(#\w+|:\w+|\w+|<=|>=|[()=<>,.+])/y

/** Throws a `SyntaxError` where a text is none. */
interface Reader {
  readonly done: boolean
  /** What stood in parentheses: twice is refused. */
  readonly enclosed: WeakSet<Test>
  /** Goes on where `text` comes next. */
  take(text: string): boolean
  need(text: string): void
  next(): string
}

function createReader(text: string): Reader {
  const tokens: string[] = []
  token.lastIndex = 0
  for (let end = 0; end < text.trimEnd().length; end = token.lastIndex) {
    const [, found] = token.exec(text) ?? []
    if (found === undefined) throw new SyntaxError(`near "${text.slice(end)}"`)
    tokens.push(found)
  }
  let at = 0
  const next = (): string => {
    const found = tokens[at++]
    if (found === undefined) throw new SyntaxError(`"${text}" breaks off`)
    return found
  }
  const take = (wanted: string): boolean => {
    if (tokens[at] !== wanted) return false
    at += 1
    return true
  }
  const need = (wanted: string): void => {
    if (!take(wanted)) throw new SyntaxError(`"${tokens[at]}" where "${wanted}" belongs`)
  }
  return {
    get done() {
      return at >= tokens.length
    },
    enclosed: new WeakSet(),
    take,
    need,
    next,
  }
}

/** NOT binds before AND, AND before OR. */
export function parseTest(text: string): Test {
  const reader = createReader(text)
  const test = disjunction(reader)
  if (!reader.done) throw new SyntaxError(`near "${reader.next()}"`)
  return test
}

function disjunction(reader: Reader): Test {
  const some = [conjunction(reader)]
  while (reader.take('OR')) some.push(conjunction(reader))
  const [only] = some
  return only && some.length === 1 ? only : { some }
}

function conjunction(reader: Reader): Test {
  const every = [negation(reader)]
  while (reader.take('AND')) every.push(negation(reader))
  const [only] = every
  return only && every.length === 1 ? only : { every }
}

function negation(reader: Reader): Test {
  if (reader.take('NOT')) return { not: negation(reader) }
  if (!reader.take('(')) return comparison(reader)
  const inner = disjunction(reader)
  reader.need(')')
  if (reader.enclosed.has(inner)) throw new SyntaxError('redundant parentheses')
  reader.enclosed.add(inner)
  return inner
}

function comparison(reader: Reader): Test {
  for (const name of ['attribute_exists', 'attribute_not_exists'])
    if (reader.take(name)) return { exists: inParentheses(reader, path), is: name === 'attribute_exists' }
  if (reader.take('attribute_type'))
    return inParentheses(reader, () => {
      const typed = path(reader)
      reader.need(',')
      return { typed, type: value(reader) }
    })
  const left = operand(reader)
  if (reader.take('BETWEEN')) {
    const low = operand(reader)
    reader.need('AND')
    return { between: left, low, high: operand(reader) }
  }
  const operator = operators.find(one => reader.take(one))
  if (operator === undefined) throw new SyntaxError('an operand without an operator')
  return { left, operator, right: operand(reader) }
}

const operators: readonly Operator[] = ['=', '<', '<=', '>', '>=']

function operand(reader: Reader): Operand {
  if (reader.take('size')) return { size: inParentheses(reader, path) }
  const first = reader.next()
  return first.startsWith(':') ? { value: first } : { path: path(reader, first) }
}

export function parseUpdate(text: string): Update {
  const reader = createReader(text)
  const list = <T>(read: (reader: Reader) => T): T[] => {
    const all = [read(reader)]
    while (reader.take(',')) all.push(read(reader))
    return all
  }
  const set = reader.take('SET') ? list(assignment) : []
  const remove = reader.take('REMOVE') ? list(reader => path(reader)) : []
  if (!reader.done || set.length + remove.length === 0) throw new SyntaxError(`"${text}" changes nothing`)
  return { set, remove }
}

function assignment(reader: Reader): Assignment {
  const target = path(reader)
  reader.need('=')
  if (reader.take('if_not_exists')) {
    const known = inParentheses(reader, () => {
      const base = path(reader)
      reader.need(',')
      return { base, otherwise: value(reader) }
    })
    reader.need('+')
    return { target, ...known, value: value(reader) }
  }
  const first = reader.next()
  if (first.startsWith(':')) return { target, value: first }
  const base = path(reader, first)
  reader.need('+')
  return { target, base, value: value(reader) }
}

function inParentheses<T>(reader: Reader, read: (reader: Reader) => T): T {
  reader.need('(')
  const found = read(reader)
  reader.need(')')
  return found
}

/** Each step goes by a placeholder: the adapter writes no name into an expression. */
function path(reader: Reader, first = reader.next()): readonly string[] {
  const steps = [first]
  while (reader.take('.')) steps.push(reader.next())
  if (!steps.every(step => step.startsWith('#'))) throw new SyntaxError(`"${steps.join('.')}" is no path`)
  return steps
}

function value(reader: Reader): string {
  const found = reader.next()
  if (!found.startsWith(':')) throw new SyntaxError(`"${found}" is no value`)
  return found
}
