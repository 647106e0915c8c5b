/** What is decided, in the words of a sentence: to do it, and that it was done. `{it}` is the record that it is about. */
import type { ActionName } from '../domain/who-decides.ts'

interface ActionWords {
  /** Behind "proposed to". */
  readonly toDo: string
  /** Whole, without who did it. */
  readonly done: string
}

const does = (verb: string, participle: string): ActionWords => ({
  toDo: `${verb} {it}`,
  done: `{it} was ${participle}`,
})
const says = (toDo: string, done: string): ActionWords => ({ toDo, done })

const words: Readonly<Record<ActionName, ActionWords>> = {
  'organisation.register': does('register', 'registered'),
  'organisation.provider': says(
    'set where people of {it} sign in',
    'it was set where people of {it} sign in',
  ),
  'organisation.webhooks': says('change the webhooks of {it}', 'the webhooks of {it} were changed'),
  'organisation.clearinghouse': says('set where {it} takes findings', 'it was set where {it} takes findings'),

  'person.add': does('add', 'added'),
  'person.roles': says('change the roles of {it}', 'the roles of {it} were changed'),
  'person.first_admin': says('make {it} the first administrator', '{it} was made the first administrator'),
  'person.attributes': says('attest attributes of {it}', 'attributes of {it} were attested'),
  'person.confirm': does('confirm', 'confirmed'),
  'person.signing_key': says('register a signing key of {it}', 'a signing key of {it} was registered'),
  'person.suspend': does('suspend', 'suspended'),
  'person.reinstate': does('reinstate', 'reinstated'),
  'person.reinstate_stopped': does('reinstate', 'reinstated'),
  'person.remove': does('remove', 'removed'),

  'partner.nominate': does('nominate', 'nominated'),
  'partner.vet': says('begin the vetting of {it}', 'the vetting of {it} was begun'),
  'partner.select': does('select', 'selected'),
  'partner.activate': does('activate', 'activated'),
  'partner.suspend': does('suspend', 'suspended'),
  'partner.reinstate': does('reinstate', 'reinstated'),
  'partner.revoke': does('revoke', 'revoked'),
  'partner.revoke_released': does('revoke', 'revoked'),
  'partner.close': does('close', 'closed'),

  'client.ticket': says('make a ticket for {it}', 'a ticket was made for {it}'),
  'client.attributes': says('attest attributes of {it}', 'attributes of {it} were attested'),
  'client.confirm': does('confirm', 'confirmed'),
  'client.suspend': does('suspend', 'suspended'),
  'client.reinstate': does('reinstate', 'reinstated'),
  'client.reinstate_stopped': does('reinstate', 'reinstated'),
  'client.revoke': does('revoke', 'revoked'),
  'client.compromised': says('mark {it} as compromised', '{it} was marked as compromised'),

  'grant.activate': does('activate', 'activated'),
  'grant.activate_released': does('activate', 'activated'),
  'grant.continuity': says(
    'change whether a mission hangs on {it}',
    'it was changed whether a mission hangs on {it}',
  ),
  'grant.quota': says('change the quota of {it}', 'the quota of {it} was changed'),
  'grant.suspend': does('suspend', 'suspended'),
  'grant.suspend_continuing': does('suspend', 'suspended'),
  'grant.reinstate': does('reinstate', 'reinstated'),
  'grant.revoke': does('revoke', 'revoked'),

  'hold.place': does('place', 'placed'),
  'hold.concur': says('stand by {it}', '{it} was concurred in'),
  'hold.lift': does('lift', 'lifted'),

  'appeal.lodge': does('lodge', 'lodged'),
  'appeal.uphold': does('uphold', 'upheld'),
  'appeal.dismiss': does('dismiss', 'dismissed'),

  'model.engage': says('engage {it} with an office', '{it} was engaged with an office'),
  'model.change': does('change', 'changed'),
  'model.assess': says('say that {it} is being assessed', 'it was said that {it} is being assessed'),
  'model.designate': says(
    'designate {it} a covered frontier model',
    '{it} was designated a covered frontier model',
  ),
  'model.not_designate': says('not designate {it}', '{it} was not designated a covered frontier model'),
  'model.window': says('set a window for {it}', 'a window was set for {it}'),
  'model.close_window': says('close the window of {it}', 'the window of {it} was closed'),
  'model.open': says('open {it} to partners', '{it} was opened to partners'),
  'model.share': says('change which consultants see {it}', 'it was changed which consultants see {it}'),
  'model.kill': says('stop all calls of {it}', 'all calls of {it} were stopped'),
  'model.resume': says('let calls of {it} go on', 'calls of {it} were let go on'),
  'model.release': does('release', 'released'),
  'model.withdraw': does('withdraw', 'withdrawn'),

  'agreement.draft': does('draft', 'drafted'),
  'agreement.offer': does('offer', 'offered'),
  'agreement.discard': does('discard', 'discarded'),
  'agreement.return': says('make {it} a draft again', '{it} was made a draft again'),
  'agreement.sign': does('sign', 'signed'),
  'agreement.acknowledge': says('acknowledge the notice of {it}', 'the notice of {it} was acknowledged'),
  'agreement.suspend': does('suspend', 'suspended'),
  'agreement.reinstate': does('reinstate', 'reinstated'),
  'agreement.resume': does('resume', 'resumed'),
  'agreement.terminate': does('terminate', 'terminated'),
  'agreement.leave': does('leave', 'left'),
  'agreement.attest': says('attest what {it} asks for', 'what {it} asks for was attested'),
  'agreement.close': does('close', 'closed'),

  'finding.report': does('report', 'reported'),
  'finding.hand_off': says('hand off {it} to an office', '{it} was handed off to an office'),
  'finding.share': says('change which consultants see {it}', 'it was changed which consultants see {it}'),
  'finding.resolve': does('resolve', 'resolved'),

  'opinion.attach': does('attach', 'attached'),

  'review.certify': does('certify', 'certified'),

  'case.open': does('open', 'opened'),
  'case.add': says('add an entry to {it}', 'an entry was added to {it}'),
  'case.note': says('write a note on {it}', 'a note was written on {it}'),
  'case.close': does('close', 'closed'),
  'case.reopen': says('open {it} again', '{it} was opened again'),
  'view.save': does('save', 'saved'),
  'view.remove': does('remove', 'removed'),

  'evidence.export': says('hand over {it}', '{it} was handed over'),
  'evidence.receipt': says('attest the receipt of {it}', 'the receipt of {it} was attested'),
  'preservation.place': says('place {it}', '{it} was placed'),
  'preservation.lift': says('lift {it}', '{it} was lifted'),
  'log.delete': says('delete {it}', '{it} were deleted'),

  'rules.change': does('change', 'changed'),
}

/** What time ends, where the words of the action would not tell what came of it. */
const ended: Readonly<Partial<Record<ActionName, string>>> = {
  'agreement.sign': 'the term of {it} began or ended',
  'agreement.suspend': 'the suspension of {it} ended, wholly or for some grants',
  'client.ticket': 'the enrolment of {it} ended',
  'grant.activate': '{it} came to the end of its term',
  'grant.suspend': 'the suspension of {it} ended',
  'hold.place': '{it} ended',
  'model.assess': 'the assessment of {it} ended without a result',
  'model.window': 'the window of {it} opened or ended',
  'partner.suspend': 'some grants of {it} go on although it is suspended',
  'review.certify': '{it} is owed by nobody any more',
}

/** An action of another version is called by its name. */
const wordsOf = (action: string): ActionWords =>
  Object.hasOwn(words, action)
    ? words[action as ActionName]
    : { toDo: `do ${action} to {it}`, done: `${action} was done to {it}` }

const about = (text: string, it: string): string => text.replaceAll('{it}', () => it)

export const toDo = (action: string, it: string): string => about(wordsOf(action).toDo, it)
export const done = (action: string, it: string): string => about(wordsOf(action).done, it)
export const endedByTime = (action: string, it: string): string =>
  about(
    (Object.hasOwn(ended, action) ? ended[action as ActionName] : undefined) ??
      'the time of what was decided about {it} was over',
    it,
  )
