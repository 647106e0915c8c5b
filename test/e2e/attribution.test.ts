/** A text that was found outside is told of the one partner that it was sent to. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { keys } from '../../shared/domain/keys.ts'
import { type FoundTexts, named, openFoundTexts, patience, secret, words } from '../world/found-texts.ts'

let found: FoundTexts
beforeAll(async () => {
  found = await openFoundTexts()
}, patience)
afterAll(() => found?.close())

describe('a text that was found', () => {
  test(
    'names the partner that it was sent to, by its reply and its run, a minute after it was sent',
    async () => {
      const [own, other] = [secret('cedars'), secret('prairies')]
      const { entry } = await found.replied('cedar', { text: own })
      await found.replied('prairie', { text: other })
      const [told, ofOther] = await Promise.all([
        found.toldOf(`Somebody wrote: ${words(own, 10, 60)}. Quite so.`),
        found.toldOf(other),
      ])
      expect(named(told)).toEqual(['named', 'cedar'])
      const [reply] = told.partners[0]?.replies ?? []
      expect(reply?.entry).toBe(entry)
      const [item] = await found.world.store.get([keys.entry(entry)])
      expect(reply?.commitment.fingerprints).toBe(item?.attr)
      const [run = { from: 0, to: 0 }] = reply?.runs ?? []
      expect(run.from).toBeGreaterThanOrEqual(2)
      expect(run.to - run.from).toBeGreaterThan(42)
      expect(named(ofOther)).toEqual(['named', 'prairie'])
    },
    patience,
  )

  test(
    'is told with its words from what is at hand, and is in the log by its digest alone',
    async () => {
      const text = secret('told')
      await found.replied('cedar', { text })
      const { code, out, err } = await found.attributed(words(text, 0, 30))
      expect({ code, out, err }).toMatchObject({ code: 0, out: expect.stringContaining('1 partner') })
      expect(out).toMatch(/went only here: “toldquoll\d+ toldquoll/)
      expect(out.replace(/\s+/g, ' ')).toContain('Text that was reworded or translated is out of reach')
      const asked = (await found.people.json('ada', 'attribute', 'list')) as readonly { purpose: string }[]
      expect(asked[0]).toMatchObject({ purpose: 'A text on the web', input: { sha256: expect.any(String) } })
    },
    patience,
  )

  test(
    'that was sent to two is a tie; edited, it is found; of nothing that was sent, it names nobody',
    async () => {
      const [same, own] = [secret('same'), secret('edited', 120)]
      await found.replied('cedar', { text: same })
      await found.replied('prairie', { text: same })
      await found.replied('prairie', { text: own })
      const edited = own.split(' ').map((word, n) => (n % 12 === 5 ? `new${n}` : word))
      const told = await Promise.all([same, edited.join(' '), secret('never')].map(found.toldOf))
      expect(told.map(named)).toEqual([['tie', 'cedar', 'prairie'], ['named', 'prairie'], ['not_enough']])
    },
    patience,
  )

  test(
    'of a stream that broke off is told of what was sent, and of nothing more',
    async () => {
      const text = secret('broken', 90)
      const { sent } = await found.replied('cedar', { text, breaksAfter: 50 })
      expect(sent).toContain('brokenquoll40')
      expect(sent).not.toContain('brokenquoll60')
      const told = await Promise.all([words(text, 5, 45), words(text, 50, 90)].map(found.toldOf))
      expect(told.map(named)).toEqual([['named', 'cedar'], ['not_enough']])
    },
    patience,
  )
})

describe('who asks', () => {
  const ask = (login: string, text: string) =>
    found.people.as(login, 'attribute', text, '--purpose', 'To see whether it is told')

  test('has one of the roles that look into leaks', async () => {
    for (const login of ['priya', 'sam', 'carla', 'tess']) {
      const { code, err } = await ask(login, secret('cedars', 20))
      expect([login, code, err.includes('role_missing')]).toEqual([login, 5, true])
    }
  })

  test('sees no attribution of others', async () => {
    const [one] = (await found.people.json('ada', 'attribute', 'list')) as readonly { id: string }[]
    expect(one).toBeDefined()
    expect(await found.people.json('boris', 'attribute', 'list')).toEqual([])
    const { code, err } = await found.people.as('boris', 'attribute', 'status', one?.id ?? '')
    expect([code, err.includes('record_unknown')]).toEqual([7, true])
  })

  test('hands in a text that says something, and one', async () => {
    const short = await ask('ada', 'one two three four five six seven')
    expect([short.code, short.err.includes('text_too_short')]).toEqual([2, true])
    const none = await found.people.as('ada', 'attribute', '--purpose', 'Nothing')
    expect([none.code, none.err.includes('text_missing')]).toEqual([2, true])
    const aimless = await found.people.as('ada', 'attribute', secret('cedars', 20))
    expect([aimless.code, aimless.err.includes('option_missing')]).toEqual([2, true])
  })
})
