import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { alarmList, refusalList } from '../../scripts/docs.ts'
import { indexes, keys } from '../../shared/domain/keys.ts'

test('the published list of refusals is the one in the code', () => {
  expect(readFileSync('docs/refusals.md', 'utf8')).toBe(refusalList())
})

test('the published list of alarms is the one in the code', () => {
  expect(readFileSync('docs/alarms.md', 'utf8')).toBe(alarmList())
})

test('the storage schema shows every kind of key and every index', () => {
  const schema = readFileSync('docs/storage-schema.md', 'utf8')
  for (const builder of Object.values(keys)) {
    const key = typeof builder === 'function' ? builder('<id>', '<hash>') : builder
    expect(schema).toContain(`\`${key.pk.replace(/<id>|<hash>/g, '…')}\``)
  }
  for (const { name } of Object.values(indexes)) expect(schema).toContain(`\`${name}\``)
})

test('the table of attacks names files that are there', () => {
  const named = readFileSync('docs/security.md', 'utf8').matchAll(
    /`((?:shared|functions|scripts|client|test)\/[^`*]+)`/g,
  )
  const paths = [...named].map(([, path = '']) => path)
  expect(paths.length).toBeGreaterThan(40)
  expect(paths.filter(path => !existsSync(path))).toEqual([])
})
