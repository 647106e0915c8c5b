/** The files of a bundle: what is written is read again, cells stay cells, and a text of somebody else is never markup. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { certificationText } from '../../../shared/bundle/certification.ts'
import { csvCell, csvHeader, csvLine } from '../../../shared/bundle/csv.ts'
import { exactLine, parseExactTimes } from '../../../shared/bundle/exact.ts'
import { bundleKinds, knownFiles, requiredFiles } from '../../../shared/bundle/files.ts'
import { formatKeys, parseKeys } from '../../../shared/bundle/keys-file.ts'
import {
  bundleFormat,
  formatManifest,
  type Manifest,
  monthOf,
  parseManifest,
} from '../../../shared/bundle/manifest.ts'
import {
  isProofsEnd,
  parseProofsHead,
  parseProofsLine,
  proofsBetween,
  proofsEnd,
  proofsHead,
  proofsLine,
} from '../../../shared/bundle/proofs.ts'
import { verifyText } from '../../../shared/bundle/verify-text.ts'
import { epochAt } from '../../../shared/watermark/epoch.ts'

const manifest: Manifest = {
  format: bundleFormat,
  log: 'gateway.example/log',
  export: 'export_1',
  kind: 'bundle',
  query: 'partner:cedar',
  from: '2026-11-27T09:00:00.000Z',
  to: '2026-11-27T10:00:00.000Z',
  size: 9,
  readers: [{ month: '2026-11', reader: '0123456789abcdef' }],
  by: { person: 'person_1', name: 'Ada', organisation: 'cedar' },
  purpose: 'Yearly review',
  asked_at: '2026-11-27T10:00:00.000Z',
  entry: 'entry_1',
  records: 1,
  files: [{ name: 'records.jsonl', bytes: 1, sha256: '0'.repeat(64) }],
}

/** As a program reads it (RFC 4180 §2). */
function cellsOf(line: string): readonly string[] {
  const cells = [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",]*))/g)]
  return cells.map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '')
}

describe('records.csv', () => {
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({
      unit: fc.constantFrom('=', '+', '-', '@', '＝', '\t', '\r', '\n', ';', ',', '|', '"', "'", ' ', 'a'),
    }),
  )

  test('no cell begins as a formula does, whichever character somebody takes for what separates cells', () => {
    fc.assert(
      fc.property(texts, text => {
        const cell = csvCell(text)
        const read = cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell
        expect(read).not.toMatch(/(^|[;|,"])\s*[=+\-@＝＋－＠]/u)
      }),
      { numRuns: 2_000 },
    )
  })

  test('a record is one line, and has as many cells as there are columns, whatever it tells', () => {
    fc.assert(
      fc.property(texts, texts, (sentence, model) => {
        const line = csvLine({
          eid: 'entry_1',
          digest: '-d',
          body: { time: 0, ai_model: { uid: model }, unmapped: { kind: 'intent', charge: -5 } },
          sentence,
          view: { index: 7 },
        })
        expect(line.match(/[\r\n]/g)).toEqual(['\r', '\n'])
        expect(cellsOf(line.slice(0, -2))).toHaveLength(cellsOf(csvHeader.slice(0, -2)).length)
      }),
    )
  })

  test.each([
    ['=1+1', `"'=1+1"`],
    ['a; =cmd', '"a; \'=cmd"'],
    ['say "so"', '"say ""so"""'],
    ['two\nlines', '"two lines"'],
    ['plain', 'plain'],
    ['a-b', 'a-b'],
    [undefined, ''],
    [-5, '-5'],
  ])('%j is written %s', (value, cell) => {
    expect(csvCell(value)).toBe(cell)
  })
})

describe('proofs.json', () => {
  const hash = fc.uint8Array({ minLength: 32, maxLength: 32 })
  const proof = fc.record({ index: fc.maxSafeNat(), hashes: fc.array(hash, { maxLength: 53 }) })
  const root = hash.map(bytes => Buffer.from(bytes).toString('base64'))

  test('is JSON, and read line by line it says the same', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), root, fc.array(proof, { maxLength: 8 }), (size, root, proofs) => {
        const text =
          proofsHead({ size, root }) +
          proofs.map(proofsLine).join(proofsBetween) +
          proofsEnd(proofs.length > 0)
        expect(JSON.parse(text)).toEqual({
          size,
          root,
          proofs: proofs.map(({ index, hashes }) => ({
            index,
            hashes: hashes.map(one => Buffer.from(one).toString('base64')),
          })),
        })
        const [head = '', ...lines] = text.slice(0, -1).split('\n')
        expect(parseProofsHead(head)).toEqual({ size, root })
        expect(isProofsEnd(lines.at(-1) ?? '')).toBe(true)
        const read = lines.slice(0, -1).map(parseProofsLine)
        expect(read).toEqual(
          proofs.map(({ index, hashes }, i) => ({ index, hashes, further: i < proofs.length - 1 })),
        )
      }),
    )
  })

  test('has one form: whatever is read is written back as it was', () => {
    const near = proof.chain(one => {
      const line = proofsLine(one)
      return fc
        .tuple(fc.nat(line.length), fc.string({ maxLength: 2 }))
        .map(([at, put]) => line.slice(0, at) + put + line.slice(at + put.length))
    })
    fc.assert(
      fc.property(fc.oneof(near, fc.string()), line => {
        const read = parseProofsLine(line)
        if (read) expect(`${proofsLine(read)}${read.further ? ',' : ''}`).toBe(line)
      }),
      { numRuns: 2_000 },
    )
  })

  test.each([
    '{"size":01,"root":"","proofs":[',
    '{"size":1,"proofs":[',
    '',
    '[]',
    '{"size":9007199254740993,"root":"',
  ])('%j is no beginning of it', line => {
    expect(parseProofsHead(line)).toBeUndefined()
  })
})

describe('manifest.json', () => {
  test('is read as it was written', () => {
    expect(parseManifest(JSON.parse(formatManifest(manifest)))).toEqual(manifest)
    const by = { ...manifest, decided_by: 'us' as const }
    expect(parseManifest(JSON.parse(formatManifest(by)))).toEqual(by)
  })

  test.each<[field: string, change: object]>([
    ['format', { format: 'sallyport-bundle/2' }],
    ['size', { size: -1 }],
    ['records', { records: 0.5 }],
    ['from', { from: 'yesterday' }],
    ['readers.0.reader', { readers: [{ month: '2026-11', reader: 'x' }] }],
    ['readers.0.month', { readers: [{ month: '2026-13', reader: '0'.repeat(16) }] }],
    ['files.0.name', { files: [{ name: '../x', bytes: 1, sha256: '0'.repeat(64) }] }],
    ['files.0.name', { files: [{ name: 'manifest.json', bytes: 1, sha256: '0'.repeat(64) }] }],
    ['files.0.sha256', { files: [{ name: 'checkpoint', bytes: 1, sha256: 'A'.repeat(64) }] }],
    ['signed', { signed: true }],
    ['by.role', { by: { ...manifest.by, role: 'x' } }],
  ])('%s is refused by its name', (field, change) => {
    expect(parseManifest({ ...manifest, ...change })).toEqual({ field })
  })

  test('a month is that of the epoch', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: Date.UTC(2999, 0) }), ms => {
        expect(monthOf(epochAt(ms))).toBe(new Date(ms).toISOString().slice(0, 7))
      }),
    )
  })
})

describe('other files', () => {
  test('keys and exact times are read as they were written, and nothing beside', () => {
    const keys = { log: 'a+00000000+b', witnesses: ['w'] }
    expect(parseKeys(JSON.parse(formatKeys(keys)))).toEqual(keys)
    expect(parseKeys({ ...keys, trusted: true })).toBeUndefined()
    const exact = { eid: 'entry_1', exact: { time: '1', start: '0' }, seal_salt: 'A'.repeat(43) }
    expect(parseExactTimes(JSON.parse(exactLine(exact)))).toEqual(exact)
    expect(parseExactTimes({ ...exact, exact: { time: 1 } })).toBeUndefined()
  })

  test.each(bundleKinds)('those of a %s are all known, in one order, the manifest last', kind => {
    const known = knownFiles(kind)
    const required = requiredFiles(kind)
    expect(required.filter(name => known.includes(name))).toEqual(required)
    expect(known.filter(name => required.includes(name))).toEqual(required)
    expect(known.at(-1)).toBe('manifest.json')
    expect(new Set(known).size).toBe(known.length)
  })
})

describe('texts for people', () => {
  const words = fc.string({
    unit: fc.constantFrom('#', '`', '\n', '\r', '\u2028', '-', '>', '<', '\u001b', '\u202e', 'a', ' '),
  })

  test('words of others stand in a block, and end it nowhere', () => {
    const plain = verifyText(manifest)
      .split('\n')
      .filter(line => !line.startsWith('    '))
    fc.assert(
      fc.property(words, words, words, (query, purpose, name) => {
        const text = verifyText({ ...manifest, query, purpose, by: { ...manifest.by, name } })
        expect(text.split(/[\n\r\u2028\u2029]/).filter(line => !line.startsWith('    '))).toEqual(plain)
        expect(['\u001b', '\u202e'].filter(one => text.includes(one))).toEqual([])
      }),
    )
  })

  test('the certification says that it is a draft, and names each digest', () => {
    const text = certificationText({ ...manifest, checkpoint: { size: 9, root: 'r' } })
    expect(text).toMatch(/^# DRAFT/)
    expect(text).toContain('It is no legal advice')
    expect(text).toContain('0'.repeat(64))
    expect(text).toContain('902(13)')
    expect(text).toContain('902(14)')
  })
})
