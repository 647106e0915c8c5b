/** A bundle as its export made it is verified; with anything changed, by whoever can make all digests fit, it is not. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { zipSync } from 'fflate'
import { beforeAll, describe, expect, test } from 'vitest'
import { run } from '../../../client/cli/program.ts'
import { type ExaminedBundle, examineBundle } from '../../../client/log/bundle.ts'
import { NotVerified } from '../../../client/log/fault.ts'
import { fileNames } from '../../../shared/bundle/files.ts'
import type { Manifest } from '../../../shared/bundle/manifest.ts'
import { outcomeEntry } from '../../../shared/entries/call.ts'
import {
  bundleZip,
  type Files,
  grantOf,
  listed,
  type MadeBundle,
  makeBundle,
  readAt,
  sealed,
  zipOf,
} from './bundle-world.ts'
import { RecordedTerminal } from './recorded-terminal.ts'
import {
  cosigned,
  decisionOf,
  intentOf,
  type LogKeys,
  makeKeys,
  type Shown,
  type SignedLog,
  signedLog,
  start,
} from './verify-world.ts'

const many = 9
const grantAt = many
const entries = [
  ...Array.from({ length: many }, (_, n) => (n % 3 === 1 ? decisionOf(n) : intentOf(n))),
  grantOf(many),
  intentOf(many + 1),
]
const places = [0, 1, 4, 5, 6]
let keys: LogKeys
let log: SignedLog
let bundle: MadeBundle
beforeAll(async () => {
  keys = makeKeys()
  log = await signedLog(entries, { key: keys })
  bundle = await makeBundle(log, places, { granted: grantAt })
})

const examine = (zip: Uint8Array, options = {}): Promise<ExaminedBundle> =>
  examineBundle(readAt(zip), { key: log.vkey, ...options })

/** As whoever may change one file of it, and every digest, hands it over. */
const changed = (name: string, change: (text: string) => string, of = bundle): Uint8Array => {
  const text = of.files.get(name)
  if (text === undefined) throw new Error(`there is no ${name}`)
  const other = change(text)
  if (other === text) throw new Error(`nothing of ${name} was changed`)
  const files = new Map([...of.files, [name, other]])
  const custody = files.get(fileNames.custody)
  const digest = (from: Files) => listed(from).find(one => one.name === name)?.sha256 ?? ''
  if (custody !== undefined && name !== fileNames.custody)
    files.set(fileNames.custody, custody.replace(digest(of.files), digest(files)))
  return bundleZip({ ...of, files })
}

const claiming = (change: Partial<Manifest>): Uint8Array =>
  bundleZip({ ...bundle, manifest: { ...bundle.manifest, ...change } })

async function wrong(zip: Uint8Array, field: string, message: string | RegExp, options = {}) {
  const { faults } = await examine(zip, options)
  const text = faults.map(one => `${one.kind} ${one.field}: ${one.message}`).join('\n')
  expect(text).toMatch(message)
  expect(faults[0]).toMatchObject({ kind: 'contradicted', field })
}

describe('a bundle as it was made', () => {
  test('is verified, and says whose copy of what it is, and what stands between', async () => {
    const { facts, faults } = await examine(bundleZip(bundle))
    expect(faults).toEqual([])
    expect(facts).toMatchObject({
      records: places.length,
      first: 0,
      last: 6,
      between: 2,
      gaps: [[2, 3]],
      gapCount: 1,
      granted: true,
      unproved: [],
      tree: { size: entries.length },
    })
    expect(facts?.manifest.readers).toMatchObject([{ month: '2026-11' }])
  })

  test('is verified whether sizes stand before the bytes of a file or after them, and packed or not', async () => {
    const files = Object.fromEntries([...sealed(bundle)].map(([name, text]) => [name, Buffer.from(text)]))
    for (const level of [0, 9] as const) {
      const { faults } = await examine(zipSync(files, { level }))
      expect(faults).toEqual([])
    }
  })

  test('may have no record at all', async () => {
    const { facts, faults } = await examine(bundleZip(await makeBundle(log, [])))
    expect(faults).toEqual([])
    expect(facts).toMatchObject({ records: 0, between: 0, gaps: [] })
  })

  test('without the entry that granted it: who asked is then the word of whoever made it', async () => {
    const { facts, faults } = await examine(bundleZip(await makeBundle(log, places)))
    expect(faults).toEqual([])
    expect(facts?.granted).toBe(false)
  })

  test('of somebody from whom words are withheld', async () => {
    const other = await makeBundle(log, places, { slot: 2, withheld: ['comment', 'unmapped.reference'] })
    const { facts, faults } = await examine(bundleZip(other))
    expect(faults).toEqual([])
    expect(facts).toMatchObject({ withheld: 2 })
  })

  test('tells a sentence and texts for people that this program would not write', async () => {
    const files: Files = new Map(bundle.files)
    const records = String(files.get(fileNames.records)).replace(
      /"sentence":"[^"]*"/,
      '"sentence":"All is well"',
    )
    const csv = String(files.get(fileNames.csv)).replace(/,10,("[^"]*"|[^,]*),/, ',10,"All is well",')
    files.set(fileNames.records, records).set(fileNames.csv, csv)
    files.set(fileNames.verify, '# Believe it\n')
    const { facts, faults } = await examine(bundleZip({ ...bundle, files }))
    expect(faults).toEqual([])
    expect(facts?.unproved).toEqual(['sentence', fileNames.verify, fileNames.certification])
  })
})

describe('whoever changes a record and makes every digest fit', () => {
  const line = (n: number, change: (record: Shown) => object) => (text: string) =>
    text
      .split('\n')
      .map((one, i) => (i === n ? JSON.stringify(change(JSON.parse(one) as Shown)) : one))
      .join('\n')

  test.each<[what: string, change: (record: Shown) => object, message: RegExp]>([
    [
      'its model',
      r => ({ ...r, body: { ...r.body, ai_model: { uid: 'other' } } }),
      /does not give the digest/,
    ],
    ['its time', r => ({ ...r, body: { ...r.body, time: 0 } }), /does not give the digest/],
    ['its digest', r => ({ ...r, digest: 'A'.repeat(43) }), /does not give the digest/],
    ['its place, to one beyond', r => ({ ...r, view: { ...r.view, index: 9 } }), /first 9/],
    ['its salt', r => ({ ...r, view: { ...r.view, salt: 'A'.repeat(22) } }), /is not leaf 0/],
    ['its position', r => ({ ...r, view: { ...r.view, position: r.view.position ^ 1 } }), /is not leaf 0/],
    ['whose seal', r => ({ ...r, view: { ...r.view, seal_commit: 'A'.repeat(43) } }), /is not leaf 0/],
    ['its type', r => ({ ...r, view: { ...r.view, type: 5 } }), /the type of its leaf/],
    ['its time, to half a text', r => ({ ...r, sentence: '\ud800' }), /no text of Unicode/],
    ['its log', r => ({ ...r, view: { ...r.view, log: 'other.example/log' } }), /one of other\.example/],
    ['its view', ({ view: _, ...r }) => r, /no slot of a reader/],
    ['its id', r => ({ ...r, eid: log.eid(2) }), /body is that of another entry/],
  ])('%s', async (_, change, message) => {
    await wrong(changed(fileNames.records, line(0, change)), fileNames.records, message)
  })

  test('its place', async () => {
    const moved = line(0, r => ({ ...r, view: { ...r.view, index: 1 } }))
    await wrong(changed(fileNames.records, moved), fileNames.proofs, /of leaf 0, and its record of 1/)
  })

  test('a name twice in a line, of which two readers would take two values', async () => {
    const twice = (text: string) => text.replace('"time":', '"time":0,"time":')
    await wrong(changed(fileNames.records, twice), fileNames.records, /stands twice/)
  })

  test('a cell of the table', async () => {
    await wrong(
      changed(fileNames.csv, text => text.replace('aurora', 'borealis')),
      fileNames.csv,
      /cells are not/,
    )
  })

  test('a line of the table more, or other columns', async () => {
    await wrong(
      changed(fileNames.csv, text => `${text}x\r\n`),
      fileNames.csv,
      /lines of no record/,
    )
    await wrong(
      changed(fileNames.csv, text => text.replace('sentence', 'truth')),
      fileNames.csv,
      /other columns/,
    )
  })

  test('a record left out, of all three files: then it is a gap, and the manifest is another', async () => {
    const fewer = await makeBundle(log, [0, 1, 5, 6], { granted: grantAt })
    const { facts, faults } = await examine(bundleZip(fewer))
    expect(faults).toEqual([])
    expect(facts?.gaps).toEqual([[2, 4]])
    await wrong(
      bundleZip({ manifest: bundle.manifest, files: fewer.files }),
      fileNames.manifest,
      /says 5 records, and there are 4/,
    )
  })

  test('a record left out of one file alone', async () => {
    const without = (n: number) => (text: string) => text.split('\n').toSpliced(n, 1).join('\n')
    const { faults } = await examine(changed(fileNames.records, without(2)))
    expect(faults.map(({ field }) => field)).toContain(fileNames.proofs)
    await wrong(
      changed(fileNames.csv, text => text.split('\r\n').toSpliced(1, 1).join('\r\n')),
      fileNames.csv,
      /cells/,
    )
    await wrong(changed(fileNames.proofs, without(2)), fileNames.proofs, /is of leaf/)
  })

  test('a record twice', async () => {
    const twice = await makeBundle(log, [0, 1, 1])
    await wrong(bundleZip(twice), fileNames.records, /stands at record 2, too/)
  })

  test('a proof', async () => {
    const flip = (text: string) =>
      text.replace(/"hashes":\["./, match => `${match.slice(0, -1)}${match.endsWith('A') ? 'B' : 'A'}`)
    await wrong(changed(fileNames.proofs, flip), fileNames.records, /is not leaf 0/)
  })

  test.each<[string, (text: string) => string, RegExp]>([
    ['the size', text => text.replace('"size":11', '"size":12'), /not by the checkpoint/],
    ['the root', text => text.replace(/"root":"./, '"root":"_'), /not by the checkpoint/],
    ['the end', text => text.replace(']}\n', ''), /does not end/],
    ['what stands behind', text => `${text}{}\n`, /does not end/],
    ['a blank', text => text.replace('"hashes":[', '"hashes": ['), /no line of a proof/],
  ])('the proofs: %s', async (_, change, message) => {
    await wrong(changed(fileNames.proofs, change), fileNames.proofs, message)
  })

  test('a checkpoint, and the key with it', async () => {
    const other = await signedLog(entries)
    const forged = await makeBundle(other, places, { granted: grantAt })
    await wrong(bundleZip(forged), fileNames.keys, /another than the one that you trust/)
    const named = new Map([...forged.files, [fileNames.keys, String(bundle.files.get(fileNames.keys))]])
    await wrong(bundleZip({ ...forged, files: named }), fileNames.checkpoint, /has no signature of/)
    await wrong(
      changed(fileNames.checkpoint, text => text.replace('\n11\n', '\n12\n')),
      fileNames.checkpoint,
      /does not verify/,
    )
  })

  test('records of two readers in one bundle, or of another than it says', async () => {
    const other = await makeBundle(log, places, { slot: 3, granted: grantAt })
    const mixed = (name: string, lines = 2): string => {
      const [first = [], second = []] = [bundle, other].map(one => String(one.files.get(name)).split('\n'))
      return [...first.slice(0, lines), ...second.slice(lines)].join('\n')
    }
    const files = new Map([
      ...bundle.files,
      [fileNames.records, mixed(fileNames.records)],
      [fileNames.csv, mixed(fileNames.csv, 3)],
    ])
    await wrong(bundleZip({ ...bundle, files }), fileNames.records, /copies of 2 readers/)
    await wrong(
      bundleZip({ manifest: bundle.manifest, files: other.files }),
      fileNames.manifest,
      /names another reader/,
    )
  })
})

describe('whoever changes what was asked for', () => {
  test.each<[string, Partial<Manifest>, RegExp]>([
    ['the query', { query: '' }, /its query is not that/],
    ['the purpose', { purpose: 'Curiosity' }, /its purpose/],
    ['until when', { to: '2026-11-28T00:00:00.000Z' }, /its to/],
    ['the size', { size: 10 }, /its size/],
    ['the name', { by: { person: 'person_1', name: 'Eve', organisation: 'cedar' } }, /another name/],
    ['when', { asked_at: '2026-11-27T09:08:30.000Z' }, /another time/],
    ['the person', { by: { person: 'person_2', name: 'Ada', organisation: 'cedar' } }, /somebody else/],
    [
      'the organisation',
      { by: { person: 'person_1', name: 'Ada', organisation: 'oak' } },
      /another organisation/,
    ],
    ['the export', { export: 'export_2' }, /its export/],
    ['the entry', { entry: 'entry_x' }, /another entry/],
  ])('%s', async (_, change, message) => {
    await wrong(claiming(change), fileNames.granted, message)
  })

  test('the time, so that records are not of it', async () => {
    await wrong(claiming({ to: new Date(0).toISOString() }), fileNames.records, /not of the time/)
  })

  test('the log, so that the key is that of another: it is told which', async () => {
    const { faults, facts } = await examine(claiming({ log: 'other.example/log' }))
    expect(facts).toBeUndefined()
    expect(faults).toMatchObject([{ kind: 'malformed', field: 'view.log' }])
  })

  test('the proof of the granting entry, to one by the same tree and another note', async () => {
    const { note } = await cosigned(log.checkpoint)
    const other = await makeBundle(log, places, { granted: grantAt, checkpoint: note })
    const files = new Map([...other.files, [fileNames.granted, String(bundle.files.get(fileNames.granted))]])
    await wrong(bundleZip({ ...other, files }), fileNames.granted, /another checkpoint/)
    expect((await examine(bundleZip(other))).faults).toEqual([])
  })

  test('the granting entry, to one that was in the tree before it was asked for', async () => {
    const early = await signedLog([...entries.slice(0, 3), grantOf(5), ...entries.slice(4)], { key: keys })
    const other = await makeBundle(early, [0, 1], { granted: 3 })
    const zip = bundleZip({ ...other, manifest: { ...other.manifest, size: 5 } })
    await wrong(zip, fileNames.granted, /before it was asked for/)
  })

  test('the granting entry, to one that grants nothing', async () => {
    const other = await makeBundle(log, places, { granted: 1 })
    await wrong(bundleZip(other), fileNames.records, /first 1$/m)
  })
})

describe('a ZIP of somebody who means harm', () => {
  const files = (): [string, string][] => [...sealed(bundle)]
  const zipBytes = () => Buffer.from(bundleZip(bundle))

  test('with a file that the manifest does not name, or without one that it does', async () => {
    const extra = new Map([...bundle.files, [fileNames.exact, '']])
    await wrong(bundleZip({ ...bundle, files: extra }), fileNames.manifest, /no bundle of the kind bundle/)
    await wrong(zipOf(files().toSpliced(1, 1)), fileNames.manifest, /names records\.csv, which is not in/)
    await wrong(zipOf(files().slice(0, -1)), fileNames.manifest, /not there/)
  })

  test.each([
    '../records.csv',
    '/etc/passwd',
    'C:\\records.csv',
    'records.csv/',
    'RECORDS.CSV',
    'réçords.csv',
    'records.csv\0',
    '',
    'a'.repeat(300),
  ])('with the name %j', async name => {
    await wrong(zipOf([...files().slice(0, 1), [name, ''], ...files().slice(1)]), 'the ZIP', /no bundle has/)
  })

  test('with a name twice', async () => {
    await wrong(zipOf([...files().slice(0, 2), ...files().slice(1)]), 'the ZIP', /in it twice/)
  })

  test('in another order', async () => {
    const [first, second, ...rest] = files()
    if (!first || !second) throw new Error('there are no files')
    await wrong(zipOf([second, first, ...rest]), fileNames.manifest, /another order/)
  })

  test('that is cut short, goes on, or has something in front', async () => {
    await wrong(zipBytes().subarray(0, -1), 'the ZIP', /not whole/)
    await wrong(zipBytes().subarray(0, 2_000), 'the ZIP', /not whole/)
    await wrong(Buffer.concat([zipBytes(), Buffer.from('x')]), 'the ZIP', /appended/)
    const { faults } = await examine(Buffer.concat([Buffer.from('#!/bin/sh\n'), zipBytes()]))
    expect(faults).toMatchObject([{ kind: 'malformed', message: 'it is no ZIP file' }])
    expect((await examine(new Uint8Array())).faults).toMatchObject([{ kind: 'malformed' }])
  })

  test('whose directory names other bytes than the headers', async () => {
    const zip = zipBytes()
    const directory = zip.readUInt32LE(zip.length - 6)
    for (const [at, by] of [
      [8, 1], // flags: encrypted
      [10, 1], // method
      [16, 1], // checksum
      [24, 1], // size
      [42, 1], // where it begins
      [38, 0xa000_0000], // a link
    ] as const) {
      const other = Buffer.from(zip)
      other.writeUInt32LE((other.readUInt32LE(directory + at) ^ by) >>> 0, directory + at)
      const { faults } = await examine(other)
      expect(faults[0], `at ${at}`).toMatchObject({ kind: 'contradicted' })
    }
  })

  test('that would fill a memory: it is said before anything is inflated', async () => {
    const bomb = new Map([...bundle.files, [fileNames.verify, 'a'.repeat(50_000_000)]])
    const zip = bundleZip({ ...bundle, files: bomb })
    expect(zip.length).toBeLessThan(200_000)
    await wrong(zip, 'the ZIP', /100 times/)
  })

  test('with a text that is larger than any of its kind', async () => {
    const text = Array.from({ length: 120_000 }, (_, n) => `${n * 7919}`).join(' ')
    const zip = bundleZip({ ...bundle, files: new Map([...bundle.files, [fileNames.keys, text]]) })
    await wrong(zip, fileNames.keys, /more than/)
  })

  test('with bytes that are no UTF-8', async () => {
    const all = [...sealed(bundle)].map(
      ([name, text]) => [name, name === fileNames.verify ? Uint8Array.of(0xff) : Buffer.from(text)] as const,
    )
    const zip = zipSync(Object.fromEntries(all))
    const { faults } = await examine(zip)
    expect(faults[0]).toMatchObject({ kind: 'contradicted' })
  })

  test('with any one bit changed: it is found, or what it says is the same', {
    timeout: 60_000,
  }, async () => {
    const zip = bundleZip(await makeBundle(log, [1, 4]))
    const { facts } = await examine(zip)
    let found = 0
    await fc.assert(
      fc.asyncProperty(fc.nat(zip.length * 8 - 1), async bit => {
        const other = Buffer.from(zip)
        other[bit >> 3] = (other[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        const one = await examine(other)
        if (one.faults.length > 0) found++
        else expect(one.facts).toEqual(facts)
      }),
      { numRuns: 300 },
    )
    expect(found).toBeGreaterThan(270)
  })
})

describe('two bundles', () => {
  test('of two readers: who was shown the same, and what one has alone', async () => {
    const other = await makeBundle(log, [1, 4, 5, 7], { slot: 3 })
    const { facts, faults } = await examine(bundleZip(bundle), { other: readAt(bundleZip(other)) })
    expect(faults).toEqual([])
    expect(facts?.compared).toMatchObject({
      agree: 3,
      differ: 0,
      onlyFirst: 2,
      onlyOther: 1,
      oneReader: false,
      onlyOtherEids: [log.eid(7)],
    })
  })

  test('that one log has signed with other facts for one entry', async () => {
    const told = entries.map((one, n) => (n === 4 ? { ...one, entry: otherFacts(one.entry) } : one))
    const split = await signedLog(told, { key: keys })
    const other = await makeBundle(split, places, { slot: 3 })
    const { facts, faults } = await examine(bundleZip(bundle), { other: readAt(bundleZip(other)) })
    expect(facts?.compared).toMatchObject({ agree: 4, differ: 1 })
    expect(faults.map(({ message }) => message).join('\n')).toMatch(/tells other facts/)
    expect(faults.map(({ message }) => message).join('\n')).toMatch(/two trees of 11 leaves/)
  })

  test('of trees of two sizes: the tiles show that one is the beginning of the other', async () => {
    const longer = await signedLog([...entries, intentOf(many + 2)], { key: keys })
    const other = readAt(bundleZip(await makeBundle(longer, places, { slot: 3 })))
    const alone = await examine(bundleZip(bundle), { other })
    expect(alone.faults).toMatchObject([{ kind: 'unproved' }])
    const { faults } = await examine(bundleZip(bundle), { other, files: longer.read })
    expect(faults).toEqual([])
  })

  test('a fault of the other is told as that', async () => {
    const other = readAt(changed(fileNames.csv, text => text.replace('aurora', 'x')))
    const { faults } = await examine(bundleZip(bundle), { other })
    expect(faults[0]?.place).toMatch(/^the other bundle, record/)
  })
})

const otherFacts = <T extends { readonly body: string }>(entry: T): T => ({
  ...entry,
  body: entry.body.replace('"severity_id":1', '"severity_id":2'),
})

describe('witnesses', () => {
  test('by the key that you name, and not by one that the bundle has of the same name', async () => {
    const witness = await cosigned(log.checkpoint)
    const good = await makeBundle(log, places, { checkpoint: witness.note, witnesses: [witness.vkey] })
    const named = await examine(bundleZip(good), { witnesses: [witness.vkey] })
    expect(named.faults).toEqual([])
    expect(named.facts).toMatchObject({ cosigned: [{ witness: 'witness.example/w1' }], claimed: [] })
    const unnamed = await examine(bundleZip(good))
    expect(unnamed.facts).toMatchObject({ cosigned: [], claimed: [{ witness: 'witness.example/w1' }] })

    const theirs = await cosigned(log.checkpoint)
    const forged = await makeBundle(log, places, { checkpoint: theirs.note, witnesses: [theirs.vkey] })
    await wrong(bundleZip(forged), fileNames.keys, /another than yours/, { witnesses: [witness.vkey] })
  })
})

describe('evidence', () => {
  const exactOf = (n: number) => entries[n]?.entry.exact ?? { time: '0' }
  const evidence = () => makeBundle(log, places, { kind: 'evidence', exact: exactOf })

  test('has its exact times proved, and tells through whose hands it went', async () => {
    const { facts, faults } = await examine(bundleZip(await evidence()))
    expect(faults).toEqual([])
    expect(facts).toMatchObject({ exact: places.length, custody: { officer: 'Agent Lin' } })
  })

  test('with marks is none', async () => {
    const marked = await makeBundle(log, places, { kind: 'evidence', exact: exactOf, slot: 2 })
    await wrong(bundleZip(marked), fileNames.records, /its times are marked/)
  })

  test('a microsecond off is found, and a salt of another entry', async () => {
    const made = await evidence()
    const later = (text: string) =>
      text.replace(/"time":"(\d+)"/, (_, time) => `"time":"${Number(time) + 1}"`)
    await wrong(changed(fileNames.exact, later, made), fileNames.exact, /not opened/)
    const swapped = (text: string) => text.replace(/"seal_salt":"./, '"seal_salt":"-')
    await wrong(changed(fileNames.exact, swapped, made), fileNames.exact, /not opened/)
    const first = (text: string) => text.split('\n').toSpliced(0, 1).join('\n')
    await wrong(changed(fileNames.exact, first, made), fileNames.exact, /it is of entry_/)
  })

  test('a salt that is spelt otherwise, of the same bytes', async () => {
    // Two bits of the last character are left over.
    const spelt = (text: string) =>
      text.replace(/(.)"\}\n/, (_, last) => `${String.fromCharCode(last.charCodeAt(0) + 1)}"}\n`)
    await wrong(changed(fileNames.exact, spelt, await evidence()), fileNames.exact, /no line of exact times/)
  })

  test('a beginning that the body has and the exact times have not', async () => {
    const intent = intentOf(0)
    const ended = { ending: 'completed', charge: 1, meters: [] } as const
    const { eid, entry } = outcomeEntry(intent.eid, intent.entry, ended, start + 20_000)
    const { time } = entry.exact
    const other = await signedLog([intent, { eid, entry: { ...entry, exact: { time } } }], { key: keys })
    const made = await makeBundle(other, [1], { kind: 'evidence', exact: () => ({ time }) })
    await wrong(bundleZip(made), fileNames.exact, /the body has other times/)
    const whole = await signedLog([intent, { eid, entry }], { key: keys })
    const good = await makeBundle(whole, [1], { kind: 'evidence', exact: () => entry.exact })
    expect((await examine(bundleZip(good))).faults).toEqual([])
  })

  test('with words withheld proves no exact time', async () => {
    const withheld = ['comment', 'unmapped.reference']
    const made = await makeBundle(log, places, { kind: 'evidence', exact: exactOf, withheld })
    await wrong(bundleZip(made), fileNames.records, /without which no exact time/)
  })

  test('whose chain of custody is that of other files', async () => {
    const made = await evidence()
    const other = (text: string) => text.replace(/"sha256": "[0-9a-f]/, '"sha256": "x')
    await wrong(changed(fileNames.custody, other, made), fileNames.custody, /no chain of custody/)
    const digest = (text: string) => text.replace(/"sha256": "[0-9a-f]{64}/, `"sha256": "${'0'.repeat(64)}`)
    await wrong(changed(fileNames.custody, digest, made), fileNames.custody, /not that of the manifest/)
    const foreign = (text: string) => text.replace('"export": "export_1"', '"export": "export_9"')
    await wrong(changed(fileNames.custody, foreign, made), fileNames.custody, /that of export_9/)
  })
})

describe('the command', () => {
  async function verify(zip: Uint8Array, ...words: readonly string[]) {
    const terminal = new RecordedTerminal()
    const path = join(terminal.home, 'a.zip')
    await writeFile(path, zip)
    const code = await run(['verify', 'bundle', path, '--key', log.vkey, ...words], terminal)
    return { code, stdout: terminal.stdout, stderr: terminal.stderr, home: terminal.home }
  }

  test('ends with 0, and tells what it has shown and what not', async () => {
    const { code, stdout } = await verify(bundleZip(bundle))
    expect(code).toBe(0)
    expect(stdout).toMatch(/^verified {3}the log gateway\.example\/log holds 5 records/)
    expect(stdout).toMatch(/between +2 leaves not in this bundle .*\n? +.*2–3/s)
    expect(stdout).toMatch(/not shown +that there is no further record/)
  })

  test('ends with 6 where anything is not what was signed, and lists it', async () => {
    const { code, stdout, stderr } = await verify(
      changed(fileNames.csv, text => text.replaceAll('aurora', 'borealis')),
      '--json',
    )
    expect(code).toBe(6)
    const told = JSON.parse(stdout) as { verified: boolean; fault_count: number; faults: unknown[] }
    expect(told).toMatchObject({ verified: false, fault_count: 3 })
    expect(told.faults[0]).toMatchObject({ place: 'record 1', field: fileNames.csv })
    expect(stderr).toContain('verification_failed')
  })

  test('ends with 2 for what is no bundle, stdin, and a key of another log', async () => {
    expect((await verify(Buffer.from('records'))).code).toBe(2)
    const terminal = new RecordedTerminal()
    expect(await run(['verify', 'bundle', '-', '--key', log.vkey], terminal)).toBe(2)
    expect(await run(['verify', 'bundle', terminal.home, '--key', log.vkey], terminal)).toBe(2)
    expect((await verify(claiming({ log: 'other.example/log' }))).code).toBe(2)
  })

  test('ends with 1 where a witness that was named has said nothing', async () => {
    const { vkey } = await cosigned(log.checkpoint)
    const { code, stdout } = await verify(bundleZip(bundle), '--witness', vkey)
    expect(code).toBe(1)
    expect(stdout).toMatch(/NOT SHOWN +witness: witness\.example\/w1 has not cosigned it/)
  })

  test('words of others cannot look like ours', async () => {
    const { stdout } = await verify(claiming({ purpose: 'x\nverified   all\u001b[2J' }))
    expect(stdout).not.toContain('\u001b')
    expect(stdout).not.toMatch(/^verified/m)
  })

  test('nothing that fails is thrown as anything but a fault', async () => {
    await expect(examineBundle(readAt(bundleZip(bundle)), { key: 'x' })).rejects.toBeInstanceOf(NotVerified)
  })
})
