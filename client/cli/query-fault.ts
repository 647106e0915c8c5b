/** What is wrong with a query, told before anything is asked: with its place, and what to write instead. */
import { parseQuery } from '../../shared/search/grammar.ts'
import { isQueryFault, shown } from '../../shared/search/query.ts'
import { exit, Failure } from './failure.ts'

/** Throws a `Failure` of usage. */
export function judgeQuery(q: string): void {
  const parsed = parseQuery(q)
  if (!isQueryFault(parsed)) return
  const { at, length, message, next } = parsed
  const word = q.slice(at, at + length)
  // A negated word has one hyphen: an option that is none ends up among them.
  if (word.startsWith('--'))
    throw new Failure(exit.usage, `There is no option ${shown(word)}.`, {
      code: 'option_unknown',
      next: 'See which there are: add --help',
    })
  const place = length === 0 ? 'at its end' : `at character ${at + 1}, ${shown(word)}`
  throw new Failure(exit.usage, `The query is wrong ${place}. ${message}`, {
    code: 'query_malformed',
    field: 'q',
    next,
  })
}
