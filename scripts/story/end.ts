/** The partner leaves the agreement, attests, and the developer closes it. What was signed can be verified offline. */

import { type Key, readKeys, verifyFiles } from '../../client/cli/agreement-verification.ts'
import { at, textAt } from '../../client/json.ts'
import { pathOf } from './agreements.ts'
import type { Access } from './partner.ts'
import { listOf, short } from './shown.ts'
import { type Stage, StoryStopped } from './stage.ts'

export async function tellEnd(stage: Stage, engagement: string, { agreement }: Access): Promise<void> {
  const path = pathOf(agreement)
  stage.chapter('The end: left, attested, closed, and verified offline')
  await stage.does({ who: 'priya', what: 'leaves the agreement', path: `${path}/leave`, on: path })
  await stage.isRefused(
    { who: 'ada', what: 'tries to close it before anything is attested', path: `${path}/close`, on: path },
    'state_forbids',
  )
  await stage.does({
    who: 'priya',
    what: 'attests that what came from the model is destroyed',
    path: `${path}/attest`,
    on: path,
    body: { text: 'Replies, notes and copies of them were destroyed (made up).' },
  })
  await stage.does({ who: 'ada', what: 'closes it', path: `${path}/close`, on: path })
  for (const [who, id] of [
    ['priya', agreement],
    ['nora', engagement],
  ] as const)
    await tellVerification(stage, who, id)
}

/** By the export and the published keys alone. */
async function tellVerification(stage: Stage, who: string, agreement: string): Promise<void> {
  const exported = await stage.does({
    who,
    what: `exports ${agreement}`,
    path: `${pathOf(agreement)}/export`,
    method: 'get',
    tells: answer => `version ${at(answer, 'terms_version')}, digest ${short(textAt(answer, 'digest'))}`,
  })
  const document = Buffer.from(textAt(exported, 'document') ?? '')
  const signed = listOf(exported, 'signatures')
  const signatures = new Map(signed.map(one => [textAt(one, 'organisation') ?? '', textAt(one, 'jws') ?? '']))
  const keys = keysOf(await stage.sees(who, '/keys'), signed)
  const { faults, signed: found } = verifyFiles({ document, signatures, keys }, textAt(exported, 'digest'))
  const [fault] = faults
  if (fault !== undefined) throw new StoryStopped(`${who} verifies ${agreement}: ${fault}`)
  const how = found.map(one => `${one.organisation} ${one.kind === 'key' ? 'with its own key' : 'attested'}`)
  stage.tell(stage.actor(who), 'verifies it offline, by the published keys', `signed by ${how.join(', ')}`)

  const changed = Buffer.from(document)
  const place = changed.indexOf('"version":') + '"version":'.length
  changed[place] = (changed[place] ?? 0) + 1
  const [wrong] = verifyFiles({ document: changed, signatures, keys }).faults
  if (wrong === undefined) throw new StoryStopped(`a changed byte in ${agreement} was not found`)
  stage.tell(stage.actor(who), 'changes one byte and verifies it again', `refused: ${wrong}`)
}

function keysOf(published: unknown, signed: readonly unknown[]): readonly Key[] {
  const statements = readKeys(published)
  if (typeof statements === 'string') throw new StoryStopped(`the keys of statements: ${statements}`)
  const own = signed.flatMap(one => {
    const key = at(one, 'kind') === 'key' ? readKeys(at(one, 'jwk')) : []
    return typeof key === 'string'
      ? []
      : key.map(found => ({ ...found, organisation: textAt(one, 'organisation') ?? '' }))
  })
  return [...statements, ...own]
}
