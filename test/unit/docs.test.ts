import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { alarmList, decisionTable, refusalList, sightTable } from '../../scripts/docs.ts'
import { indexes, keys } from '../../shared/domain/keys.ts'
import { whoDecides } from '../../shared/domain/who-decides.ts'
import { nouns } from '../../shared/domain/who-sees.ts'

test('the published list of refusals is the one in the code', () => {
  expect(readFileSync('docs/refusals.md', 'utf8')).toBe(refusalList())
})

test('the published list of alarms is the one in the code', () => {
  expect(readFileSync('docs/alarms.md', 'utf8')).toBe(alarmList())
})

test('the published tables of who decides and who sees what are those in the code', () => {
  expect(readFileSync('docs/who-decides.md', 'utf8')).toBe(decisionTable())
  expect(readFileSync('docs/who-sees.md', 'utf8')).toBe(sightTable())
})

test('every action and every noun has its row in them', () => {
  for (const action of Object.keys(whoDecides)) expect(decisionTable()).toContain(`\n| \`${action}\` |`)
  for (const noun of nouns) expect(sightTable()).toContain(`\n| ${noun} |`)
})

test('the storage schema shows every kind of key and every index', () => {
  const schema = readFileSync('docs/storage-schema.md', 'utf8')
  for (const builder of Object.values(keys)) {
    const key = typeof builder === 'function' ? builder('<id>', '<hash>') : builder
    expect(schema).toContain(`\`${key.pk.replace(/<id>|<hash>/g, '…')}\``)
  }
  for (const { name } of Object.values(indexes)) expect(schema).toContain(`\`${name}\``)
})

test('every example of the storage schema is JSON, and each kind of item has one', () => {
  const schema = readFileSync('docs/storage-schema.md', 'utf8')
  for (const section of schema.split(/^### /m).slice(1)) {
    const examples = [...section.matchAll(/^```json\n(.*?)^```$/gms)].map(([, text = '']) => JSON.parse(text))
    expect({ section: section.split('\n')[0], examples: examples.length }).toMatchObject({ examples: 1 })
  }
})

test('the table of attacks names files that are there', () => {
  const named = readFileSync('docs/security.md', 'utf8').matchAll(
    /`((?:shared|functions|scripts|client|test)\/[^`*]+)`/g,
  )
  const paths = [...named].map(([, path = '']) => path)
  expect(paths.length).toBeGreaterThan(40)
  expect(paths.filter(path => !existsSync(path))).toEqual([])
})
