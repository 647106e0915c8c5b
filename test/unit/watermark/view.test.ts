/** What a reader is handed with a record: salts of what is shown, hashes of what is not, and never both. */
import { hash } from 'node:crypto'
import canonicalize from 'canonicalize'
import { describe, expect, test } from 'vitest'
import { type Withholdable, withholdable } from '../../../shared/watermark/committed.ts'
import { bind, openEpochKey } from '../../../shared/watermark/slots.ts'
import { openRecord, RecordFault, type ShownRecord } from '../../../shared/watermark/verify.ts'
import { makeView } from '../../../shared/watermark/view.ts'
import { decisionOf } from '../client/verify-world.ts'

const epoch = openEpochKey(2026 * 12 + 10, 64, new Uint8Array(32).fill(7))
const { eid, entry } = decisionOf(3)

/** With everything that may be withheld. */
const full = {
  ...JSON.parse(entry.body),
  comment: 'Äußerung “so”\n',
  unmapped: {
    ...JSON.parse(entry.body).unmapped,
    reference: 'T-1',
    params: { to: ['x', 1, null] },
    difference: [],
    hit: [
      { organisation: 'cedar', clients: 2 },
      { organisation: 'maple', clients: 1 },
    ],
    effects: { clients: 3 },
    shown: 'a',
    proposed_shown: 'b',
  },
}
const bound = bind(epoch, eid, { body: canonicalize(full) ?? '', exact: entry.exact })
const digest = Buffer.from(bound.digest).toString('base64url')

function shown(withheld: readonly string[], slot = 0): ShownRecord {
  const [top, unmapped] = [{ ...full }, { ...full.unmapped }]
  for (const path of withheld) {
    if (path.startsWith('unmapped.')) delete unmapped[path.slice(9)]
    else delete top[path]
  }
  const view = makeView(bound, { log: 'l', epoch, slot, index: undefined, withheld })
  return { eid, digest, body: { ...top, unmapped }, withheld, view }
}

describe('a view', () => {
  test('opens the leaf, whichever fields are withheld', async () => {
    for (let mask = 0; mask < 2 ** withholdable.length; mask++) {
      const withheld = withholdable.filter((_, n) => (mask >> n) % 2 === 1)
      expect((await openRecord(shown(withheld, mask % 64))).leaf).toEqual(bound.leaf)
    }
  })

  test('has the salt of each field that is shown, and the hash of each that is not', () => {
    const withheld: readonly Withholdable[] = ['comment', 'unmapped.hit']
    const { view } = shown(withheld)
    expect(Object.keys(view.field_hashes ?? {}).sort()).toEqual([...withheld].sort())
    expect(Object.keys(view.field_salts ?? {}).sort()).toEqual(
      withholdable.filter(path => !withheld.includes(path)).sort(),
    )
    expect(JSON.stringify(view)).not.toContain(
      Buffer.from(bound.fields.comment?.salt ?? '').toString('base64url'),
    )
  })

  test('has neither where nothing may be withheld', () => {
    const bare = bind(epoch, eid, { body: '{"metadata":{},"time":0}', exact: entry.exact })
    const view = makeView(bare, { log: 'l', epoch, slot: 0, index: undefined, withheld: [] })
    expect(view).not.toHaveProperty('field_salts')
    expect(view).not.toHaveProperty('field_hashes')
    expect(view.index).toBe(null)
  })

  test('may have a field taken out by whoever was shown it: then it is one that is withheld', async () => {
    const { body, view } = shown([])
    const { hash, salt: _ } = bound.fields.comment ?? { hash: '', salt: '' }
    const { comment: __, ...rest } = body
    const { comment: ___, ...salts } = view.field_salts ?? {}
    const less = { ...view, field_salts: salts, field_hashes: { comment: hash } }
    expect((await openRecord({ eid, digest, body: rest, withheld: ['comment'], view: less })).leaf).toEqual(
      bound.leaf,
    )
  })

  test('proves nothing of one’s own part of what is withheld as a whole, and says so', async () => {
    const one = shown(['unmapped.hit'])
    const body = {
      ...one.body,
      unmapped: { ...(one.body.unmapped as object), hit: [{ organisation: 'cedar' }] },
    }
    expect((await openRecord({ ...one, body })).unproved).toEqual(['unmapped.hit'])
    expect((await openRecord(one)).unproved).toEqual([])
  })
})

describe('a record that contradicts itself', () => {
  const wrong = async (record: ShownRecord): Promise<string> => {
    const error = await openRecord(record).catch((error: unknown) => error)
    if (error instanceof RecordFault) return error.message
    throw new Error('it was opened')
  }
  const whole = shown([])

  test.each([
    ['whose body is another’s', { eid: decisionOf(4).eid }, 'another entry'],
    ['of another digest', { digest: 'A'.repeat(43) }, 'does not give the digest'],
    ['of a digest that is none', { digest: 'A' }, 'digest is not base64url'],
    ['with padding', { digest: `${digest}=` }, 'digest is not base64url'],
    ['with words in place of those that are withheld', { withheld: ['comment'] }, 'has no hash'],
  ])('%s', async (_, changed, what) => {
    expect(await wrong({ ...whole, ...changed })).toContain(what)
  })

  test('by an id that is none of an entry', async () => {
    const body = { ...whole.body, metadata: { uid: 'entry_1' } }
    expect(await wrong({ ...whole, eid: 'entry_1', body })).toContain('none of an entry')
  })

  test.each([
    ['epoch', { epoch: whole.view.epoch + 1 }, 'epoch'],
    ['a place among the slots that is none', { position: 64 }, 'position'],
    ['too short a path', { path: ['A'.repeat(43)], position: 0 }, 'position'],
    ['too long a path', { path: Array.from({ length: 11 }, () => 'A'.repeat(43)) }, 'position'],
    ['a type that is none', { type: 256 }, 'type'],
    ['the type of another kind', { type: 3 }, 'type'],
    ['flags, of which none is defined', { flags: 1 }, 'flags'],
    ['a hash of a field that cannot be withheld', { field_hashes: { time: 'A'.repeat(43) } }, 'time'],
    [
      'a salt of a field that has none',
      { field_salts: { 'unmapped.kind': 'A'.repeat(22) } },
      'unmapped.kind',
    ],
    ['a carrier that is short', { carrier: 'AAAA' }, 'carrier'],
  ])('of %s', async (_, changed, what) => {
    const view = { ...whole.view, ...changed } as ShownRecord['view']
    expect(await wrong({ ...whole, view })).toContain(what)
  })

  test('by a latency, which no slot has', async () => {
    const bytes = Buffer.from(whole.view.carrier, 'base64url')
    bytes[23] = 1
    const view = { ...whole.view, carrier: bytes.toString('base64url') }
    expect(await wrong({ ...whole, view })).toContain('latency')
  })

  test('by both the salt and the hash of a field: either it is shown, or it is not', async () => {
    const salt = whole.view.field_salts?.comment ?? ''
    const hidden = shown(['comment'])
    const view = { ...hidden.view, field_salts: { ...hidden.view.field_salts, comment: salt } }
    expect(await wrong({ ...hidden, view })).toContain('comment has a salt, and a hash')
  })

  test.each([
    ['a part of a number', { charge: 0.5 }],
    ['a number that not every reader of JSON has', { meters: [{ seq: 2 ** 53 }] }],
  ])('by %s', async (_, fields) => {
    const body = { ...whole.body, unmapped: { ...(whole.body.unmapped as object), ...fields } }
    expect(await wrong({ ...whole, body })).toContain('no whole number')
  })

  test('by a time that is finer than ten seconds', async () => {
    const finer = { ...full, time: full.time + 1 }
    const other = bind(epoch, eid, { body: canonicalize(finer) ?? '', exact: entry.exact })
    const view = makeView(other, { log: 'l', epoch, slot: 0, index: undefined, withheld: [] })
    const told = Buffer.from(other.digest).toString('base64url')
    expect(await wrong({ eid, digest: told, body: finer, view })).toContain('ten seconds')
  })

  test('by a time of which no calendar has the end of its ten seconds', async () => {
    const body = { metadata: { uid: eid }, time: 8.64e15, unmapped: { kind: 'intent' } }
    const salt = Buffer.alloc(32)
    const hashed = Buffer.concat([Uint8Array.of(3), salt, Buffer.from(canonicalize(body) ?? '')])
    const carrier = Buffer.alloc(24)
    carrier.writeBigUInt64BE(8_640_000_000_005_000_000n, 8)
    const times = { time: '+275760-09-13T00:00:05.000000Z', exact_to_s: 10 } as const
    const { field_salts: _, ...view } = {
      ...whole.view,
      ...{ body_salt: salt.toString('base64url'), carrier: carrier.toString('base64url') },
    }
    const made = { eid, digest: hash('sha256', hashed, 'base64url'), body, shown: times, view }
    expect(await wrong(made)).toContain('its time')
  })

  test('by a time in its slot that is not that of its body', async () => {
    const later = bind(epoch, eid, {
      body: canonicalize({ ...full, time: full.time + 10_000 }) ?? '',
      exact: entry.exact,
    })
    const { carrier } = makeView(later, { log: 'l', epoch, slot: 0, index: undefined, withheld: [] })
    expect(await wrong({ ...whole, view: { ...whole.view, carrier } })).toContain('time of the slot')
  })

  test('by a text of the same bytes that is spelt otherwise', async () => {
    const last = digest.at(-1) ?? ''
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    // Of the last character of 32 bytes, two bits are left over.
    const other = alphabet[alphabet.indexOf(last) + 1] ?? ''
    expect(await wrong({ ...whole, digest: digest.slice(0, -1) + other })).toContain(
      'digest is not base64url',
    )
  })
})
