/** What a reader's key signs is about the file that was announced, and reads the same to everybody. */
import { expect, test } from 'vitest'
import { isStatementOf, statementOf } from '../../../shared/bundle/countersignature.ts'

const file = { id: 'export_1', sha256: 'ab', bytes: 9 }
const statement =
  statementOf(
    {
      ...file,
      ...{ entry: 'entry_1', q: '', from: 0, to: 1, size: 2, purpose: 'A test', rows: 1, readers: [] },
      ...{ person: { id: 'person_ada', name: 'Ada' }, organisation: 'cedar' },
    },
    'log.example',
  ) ?? ''

test('it is signed as it was made', () => {
  expect(isStatementOf(statement, file)).toBe(true)
  expect(isStatementOf(statement, { ...file, sha256: 'cd' })).toBe(false)
})

// RFC 8259 §4: of a name that stands there twice, programs read the first, the last, or both.
test.each([
  ['the first of two names is about another file', statement.replace('{', '{"sha256":"cd",')],
  ['it has blanks in it', statement.replace('{', '{ ')],
])('nothing is signed where %s', (_, other) => {
  expect(isStatementOf(other, file)).toBe(false)
})
