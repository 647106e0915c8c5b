/** The published format is what the code makes, and enough for a stranger: whose verifier knows the page and nothing else. */
import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { fileNames } from '../../../shared/bundle/files.ts'
import { hashDomain, withholdable } from '../../../shared/watermark/committed.ts'
import { leafBytes, leafType } from '../../../shared/watermark/leaf.ts'
import { bundleZip, grantOf, type MadeBundle, makeBundle } from '../client/bundle-world.ts'
import { decisionOf, intentOf, type SignedLog, signedLog } from '../client/verify-world.ts'
import { verifyBundle, verifyRecord } from './stranger-verifier.ts'
import { workedExample } from './worked-example.ts'

const page = readFileSync('docs/log-format.md', 'utf8')
const verifier = readFileSync('test/unit/bundle/stranger-verifier.ts', 'utf8')

test('the example is the one that the code makes', async () => {
  expect(page.slice(page.indexOf('\n## Example'))).toContain(await workedExample())
})

test('what it names is what there is', () => {
  for (const name of Object.values(fileNames)) expect(page).toContain(`\`${name}\``)
  const listed = [...page.matchAll(/`((?:unmapped\.\w+)|comment)`/g)].map(([, path]) => path)
  expect(listed.slice(0, withholdable.length)).toEqual(withholdable)
  for (const byte of Object.values(hashDomain)) expect(page).toContain(`\`0x0${byte}\``)
  for (const type of Object.values(leafType)) expect(page).toMatch(new RegExp(`type: .*\\b${type} `))
  expect(page).toContain(`${leafBytes} bytes`)
})

test('the stranger has less than 200 lines of code, and takes nothing of ours', () => {
  const lines = verifier.split('\n').filter(line => !/^\s*(\/\*\*.*)?$/.test(line))
  expect(lines.length).toBeLessThan(200)
  const imports = [...verifier.matchAll(/from '([^']+)'/g)].map(([, from]) => from)
  expect(imports.every(from => from?.startsWith('node:') || from === 'canonicalize')).toBe(true)
})

describe('the stranger', () => {
  const entries = [0, 1, 2, 3, 4, 5].map(n => (n % 3 === 1 ? decisionOf(n) : intentOf(n)))
  let log: SignedLog
  let bundle: MadeBundle
  beforeAll(async () => {
    log = await signedLog([...entries, grantOf(6)])
    bundle = await makeBundle(log, [0, 1, 4, 5], { granted: 6, slot: 2, withheld: ['comment'] })
  })

  test('verifies the record of the example by its proof', () => {
    const example = page.slice(page.indexOf('\n## Example'))
    const blocks = [...example.matchAll(/```\n([\s\S]*?)```/g)].map(([, text]) => text ?? '')
    const [values = '', checkpoint = '', json = '', proof = ''] = blocks
    const key = /verifier key\n {4}(\S+)/.exec(values)?.[1] ?? ''
    expect(proof.endsWith(checkpoint)).toBe(true)
    expect(verifyRecord({ ...JSON.parse(json), proof }, key)).toEqual({
      index: 1,
      reader: '724929d73b4dedba',
    })
    const other = { ...JSON.parse(json.replace('agreed', 'denied')), proof }
    expect(() => verifyRecord(other, key)).toThrow(/digest/)
  })

  test('verifies a bundle as ours does', () => {
    expect(verifyBundle(bundleZip(bundle), log.vkey)).toEqual({ records: 4, gaps: [2, 3], granted: true })
  })

  test('of evidence, too', async () => {
    const exact = (n: number) => entries[n]?.entry.exact ?? { time: '0' }
    const evidence = await makeBundle(log, [0, 1, 4], { kind: 'evidence', exact })
    expect(verifyBundle(bundleZip(evidence), log.vkey)).toMatchObject({ records: 3, granted: false })
    const later = String(evidence.files.get(fileNames.exact)).replace(/"time":"1/, '"time":"2')
    const files = new Map([...evidence.files, [fileNames.exact, later]])
    expect(() => verifyBundle(bundleZip({ ...evidence, files }), log.vkey)).toThrow(/seal/)
  })

  test.each([
    [fileNames.records, /"reserve":100/, '"reserve":101', /digest/],
    [fileNames.records, /"salt":"./, '"salt":"_', /not in the tree/],
    [fileNames.proofs, /"index":1/, '"index":2', /proof/],
    [fileNames.checkpoint, /\n7\n/, '\n8\n', /signature/],
    [fileNames.granted, /Yearly/, 'Hourly', /digest/],
  ])('refuses another %s', (name, pattern, put, message) => {
    const text = String(bundle.files.get(name))
    expect(text).toMatch(pattern)
    const files = new Map([...bundle.files, [name, text.replace(pattern, put)]])
    expect(() => verifyBundle(bundleZip({ ...bundle, files }), log.vkey)).toThrow(message)
  })
})
