/** Saved searches: somebody's own, or shared with their organisation. */
import { beforeEach, describe, expect, test } from 'vitest'
import { wordsDigest } from '../../../../functions/governance/findings/words-digest.ts'
import { keys } from '../../../../shared/domain/keys.ts'
import { Refusal } from '../../../../shared/domain/refusal.ts'
import { maxSavedViews } from '../../../../shared/domain/saved-views.ts'
import { type ConsultationWorld, consultationWorld } from './consultation-world.ts'
import { applied, told } from './grant-world.ts'

let world: ConsultationWorld
beforeEach(async () => {
  world = await consultationWorld()
})

const q = 'decision:refuse time:-7d..now'

const saving = (who: string, body: object = {}) =>
  world.call(who, 'saveView', { body: { name: 'Refusals', q, ...body } })
const save = async (who: string, body: object = {}): Promise<string> =>
  (applied(await saving(who, body)).body as { subject: { id: string } }).subject.id
const get = (who: string, view: string) => world.call(who, 'getView', { path: { view } })
const views = (who: string) => world.items(who, 'listViews')
const remove = async (who: string, view: string) =>
  world.call(who, 'removeView', { path: { view }, body: {}, rev: (await world.get(keys.view(view))).rev })

describe('who has a saved search', () => {
  test('a private one: whoever saved it, and nobody else whatever their role', async () => {
    const id = await save('uma')
    expect(await views('uma')).toMatchObject([{ id, name: 'Refusals', q, shared: false, yours: true }])
    for (const who of ['pat', 'rita', 'dana', 'nora']) {
      expect(await views(who), who).toEqual([])
      expect(told(await get(who, id)), who).toBe('record_unknown')
      expect(told(await remove(who, id)), who).toBe('record_unknown')
    }
    expect(await views('uma')).toHaveLength(1)
  })

  test('a shared one: everybody who acts for the organisation', async () => {
    const id = await save('uma', { shared: true, by: 'us' })
    expect(await views('pat')).toMatchObject([
      { id, q, by: 'us', shared: true, yours: false, saved_by: { name: 'uma' } },
    ])
    for (const who of ['rita', 'dana', 'nora', 'audrey']) {
      expect(await views(who), who).toEqual([])
      expect(told(await get(who, id)), who).toBe('record_unknown')
    }
  })

  test('no consultant, as what is searched for tells of what is not shared with them', async () => {
    expect(told(await saving('tess'))).toBe('role_missing')
    const id = await save('nora', { shared: true })
    expect(await views('tess')).toEqual([])
    expect(told(await get('tess', id))).toBe('record_unknown')
  })
})

describe('its name', () => {
  test('is one person’s once, also where it only looks the same, and another person’s too', async () => {
    await save('uma')
    for (const name of ['Refusals', ' refusals ', 'Rеfusals'])
      expect(told(await saving('uma', { name })), name).toBe('record_exists name')
    await save('pat')
    await save('uma', { name: 'Others' })
  })

  test('is free again once the search was removed', async () => {
    const id = await save('uma')
    applied(await remove('uma', id))
    expect(await views('uma')).toEqual([])
    expect(await save('uma')).not.toBe(id)
  })

  test('is given once where it is taken twice at the same time', async () => {
    // As the first of all, and beside others.
    for (const name of ['Refusals', 'Others']) {
      const both = await Promise.all([saving('uma', { name }), saving('uma', { name })])
      expect(both.map(told).filter(code => code === 'record_exists name')).toHaveLength(1)
    }
    expect(await views('uma')).toHaveLength(2)
  })

  test('may be one that objects have by themselves', async () => {
    for (const name of ['__proto__', 'constructor', 'toString']) await save('uma', { name })
    expect(await views('uma')).toHaveLength(3)
  })
})

describe('its query', () => {
  test('is judged when it is saved: what is none is refused with its place, and nothing is kept', async () => {
    const refused = await saving('uma', { q: 'model:aurora wrong:1' })
    expect(told(refused)).toBe('query_malformed q')
    expect(refused instanceof Refusal && refused.facts.position).toEqual({ at: 13, length: 5 })
    expect(await views('uma')).toEqual([])
  })

  test('is kept as it was written, so that relative times stay relative', async () => {
    await save('uma')
    world.pass(30 * 86_400_000)
    expect(await views('uma')).toMatchObject([{ q }])
  })

  test('stands in the log by a salted digest, and so does its name', async () => {
    const id = await save('uma')
    const [shown] = await views('uma')
    const salt = String(shown?.digest_salt)
    const digest = wordsDigest({ salt, title: 'Refusals', text: q })
    expect(await world.entry(String(shown?.entry))).toMatchObject({
      action: 'view.save',
      params: { shared: false, view_digest: digest },
    })
    applied(await remove('uma', id))
    const kept = await world.get(keys.view(id))
    const entries = await Promise.all(
      [shown?.entry, kept.entry].map(eid => world.get(keys.entry(String(eid)))),
    )
    for (const { body } of entries)
      for (const word of ['Refusals', 'decision:refuse', salt]) expect(body).not.toContain(word)
  })

  test('is one line of what can be seen, of 2,000 characters at most; it may be empty', async () => {
    for (const wrong of ['person:"a\u001b[2Jb"', 'person:a\ncode:b', `person:${'x'.repeat(2_000)}`])
      await expect(saving('uma', { q: wrong }), wrong).rejects.toThrow()
    await save('uma', { q: '', by: 'us' })
    expect(await views('uma')).toMatchObject([{ q: '', by: 'us' }])
  })

  test('carries no marking above the level of the deployment', async () => {
    const marked = 'TOP SECRET//NOFORN'
    expect(told(await saving('uma', { name: marked }))).toBe('classification_exceeded name')
    expect(told(await saving('uma', { q: `person:"${marked}"` }))).toBe('classification_exceeded q')
  })
})

describe('removing one', () => {
  test('is for whoever saved it, and of a shared one for an administrator', async () => {
    const own = await save('uma', { shared: true })
    const admins = await save('pat', { shared: true })
    expect(told(await remove('uma', admins))).toBe('role_missing')
    applied(await remove('pat', own))
    expect(await views('uma')).toMatchObject([{ id: admins }])
    // Her name is free again, though another removed it.
    await save('uma')
  })

  test('leaves none of its words, and is done once', async () => {
    const id = await save('uma')
    applied(await remove('uma', id))
    expect(JSON.stringify(await world.get(keys.view(id)))).not.toMatch(/Refusals|decision:refuse|salt/)
    expect(told(await remove('uma', id))).toBe('record_unknown')
    expect(told(await get('uma', id))).toBe('record_unknown')
  })

  test('takes the version that was seen', async () => {
    const id = await save('uma')
    expect(told(await world.call('uma', 'removeView', { path: { view: id }, body: {}, rev: 7 }))).toBe(
      'version_stale',
    )
  })
})

test('nobody keeps more than there can be, and another person’s are not counted in', async () => {
  const saved = Object.fromEntries(
    Array.from({ length: maxSavedViews - 1 }, (_, n) => [`n${n}`, `view_${n}`]),
  )
  await world.store.write({ kind: 'put', key: keys.viewNames('uma'), item: { saved } })
  const both = await Promise.all([saving('uma'), saving('uma', { name: 'One more' })])
  expect(both.map(told).filter(code => code === 'state_forbids')).toHaveLength(1)
  await save('pat')
})

test('nobody is sent a notice of one', async () => {
  const id = await save('uma', { shared: true })
  applied(await remove('uma', id))
  expect(await world.items('pat', 'listNotices')).toEqual([])
})
