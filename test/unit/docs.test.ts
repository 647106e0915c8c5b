import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { alarmList, decisionTable, refusalList, sightTable } from '../../scripts/docs.ts'
import { clauseRegistry, requiredClauses } from '../../shared/domain/clauses.ts'
import { indexes, keys } from '../../shared/domain/keys.ts'
import { whoDecides } from '../../shared/domain/who-decides.ts'
import { nouns } from '../../shared/domain/who-sees.ts'
import type { Key } from '../../shared/ports/store.ts'

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
    const key =
      typeof builder === 'function' ? (builder as (...parts: string[]) => Key)('<id>', '<hash>') : builder
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

test('the table of clauses has each kind once, and says of it what the registry says', () => {
  const governance = readFileSync('docs/governance.md', 'utf8')
  const rows = [...governance.matchAll(/^\| `([\w-]+)` \| (enforced|evidenced|undertaken) \|/gm)]
  const said = Object.fromEntries(rows.map(([, kind = '', enforcement]) => [kind, enforcement]))
  const registered = Object.entries(clauseRegistry).map(([kind, { enforcement }]) => [kind, enforcement])
  expect(rows.length).toBe(registered.length)
  expect(said).toEqual(Object.fromEntries(registered))
  const [, everywhere = ''] = /\n([^\n]*(?:\n[^\n]+)*?) stand in every agreement/.exec(governance) ?? []
  for (const kind of requiredClauses) expect(everywhere).toContain(`\`${kind}\``)
})

test('every page is linked from the first one, and every link between pages leads somewhere', () => {
  const pages = [...globSync('docs/*.md'), 'README.md', 'CONTRIBUTING.md', 'SECURITY.md']
  const anchors = (text: string): readonly string[] =>
    [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
      title
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-'),
    )
  const linked = new Map<string, Set<string>>()
  const broken: string[] = []
  for (const page of pages) {
    const text = readFileSync(page, 'utf8')
    for (const [, target = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target)) continue
      const [file = '', anchor] = target.split('#')
      const path = file === '' ? page : join(dirname(page), file)
      linked.set(page, (linked.get(page) ?? new Set()).add(path))
      const leads =
        existsSync(path) && (anchor === undefined || anchors(readFileSync(path, 'utf8')).includes(anchor))
      if (!leads) broken.push(`${page}: ${target}`)
    }
  }
  expect(broken).toEqual([])
  expect(pages.filter(page => page !== 'README.md' && !linked.get('README.md')?.has(page))).toEqual([])
})

test('the page on webhooks lists every type of notice that the code names', () => {
  const listed = readFileSync('docs/webhooks.md', 'utf8')
  const named = globSync('functions/**/*.ts').flatMap(file =>
    [...readFileSync(file, 'utf8').matchAll(/\btype: '([a-z]+\.[a-z_]+)'/g)].map(([, type = '']) => type),
  )
  expect(named.length).toBeGreaterThan(60)
  expect([...new Set(named)].filter(type => !listed.includes(`\`${type}\``))).toEqual([])
})
