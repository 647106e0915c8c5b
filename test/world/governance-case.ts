/** What somebody asks for in the tests of authorisation, and what the two tables say of it. */
import { modelId } from '../../scripts/demo/story.ts'
import type { ActionName } from '../../shared/domain/who-decides.ts'
import type { Facts } from '../../shared/domain/who-sees.ts'
import { decides, type Parties } from './governance-tables.ts'
import type { Someone } from './matrix-people.ts'

export interface Case {
  readonly operation: string
  /** What stands in the braces of the path. */
  readonly at?: Readonly<Record<string, string>>
  readonly body?: object | ((someone: Someone) => object | Promise<object>)
  /** The path of the record whose version is decided on, and who reads it. */
  readonly on?: string
  /** Whom the record that is named is there for; absent: it names none, or one that is everybody's. */
  readonly seen?: Facts | ((someone: Someone) => boolean)
  /** Whose it is and who decides about it; what somebody makes for themselves is their own. */
  readonly parties?: Parties | ((someone: Someone) => Parties)
  /** The rule that the records take it to; absent: the action's own. */
  readonly rule?: ActionName | ((someone: Someone) => ActionName)
  /** Of those who do not administer it this one alone, by login: they answer for what it is about. */
  readonly sponsor?: string
  /** Nobody but this one, by login: it is their own. */
  readonly only?: string
}

export const ofCedar: Parties = { organisation: 'cedar', developers: ['halcyon'], governments: ['ofr'] }
/** As whoever decides is shown it. Whom a hold names is judged without the models that it is granted. */
export const facts = (noun: Facts['noun'], further: Partial<Facts> = {}): Facts => ({
  noun,
  owner: 'cedar',
  developers: ['halcyon'],
  governments: ['ofr'],
  ...further,
})
/** What is cedar's as such is in the engagement of whoever audits the model that it is granted. */
export const granted = { models: [modelId] }
export const own = ({ organisation, kind }: Someone): Parties => ({
  organisation,
  developers: kind === 'developer' ? [organisation] : [],
  governments: kind === 'government' ? [organisation] : [],
})

export function partner(verb: string, id: string): Case {
  const seen = facts('partner', { owner: id, ...(id === 'cedar' && granted) })
  const on = `/partners/${id}`
  return {
    operation: `${verb}Partner`,
    at: { partner: id },
    on,
    seen,
    parties: { ...ofCedar, organisation: id },
  }
}
export const person = (verb: string, id: string, body: object = {}): Case => ({
  operation: `${verb}Person`,
  at: { person: id },
  on: `/people/${id}`,
  body,
  seen: facts('person', granted),
})
export const client = (operation: string, id: string, body: object = {}): Case => ({
  operation,
  at: { client: id },
  on: `/clients/${id}`,
  body,
  seen: facts('client', granted),
})
export const grant = (operation: string, id: string, body: object = {}, owner = 'cedar'): Case => ({
  operation,
  at: { grant: id },
  on: `/grants/${id}`,
  body,
  seen: facts('grant', { owner, model: modelId }),
  parties: { ...ofCedar, organisation: owner },
})
export const ofHalcyon: Parties = { ...ofCedar, organisation: 'halcyon' }
export const seenModel = (id: string): Facts =>
  facts('model', {
    owner: 'halcyon',
    model: id,
    sharedWith: id === 'engaged-one' ? ['ofr'] : [],
    offeredTo: id === modelId ? ['cedar', 'prairie'] : [],
  })
export const model = (
  operation: string,
  id: string,
  body: object = {},
  further: Partial<Case> = {},
): Case => ({
  operation,
  at: { model: id },
  on: `/models/${id}`,
  body,
  // Whoever decides about a model has more to do with it than that it is offered to them.
  seen: { ...seenModel(id), offeredTo: [] },
  parties: ofHalcyon,
  ...further,
})
export const agreement = (
  verb: string,
  id: string,
  body: object = {},
  further: Partial<Case> = {},
): Case => ({
  operation: `${verb}Agreement`,
  at: { agreement: id },
  on: `/agreements/${id}`,
  body,
  seen: facts('agreement', granted),
  ...further,
})
/** Nobody but its developer learns of a draft. */
export const drafts = {
  seen: facts('agreement', { owner: 'halcyon', governments: [] }),
  parties: { ...ofHalcyon, governments: [] },
}
/** An office that selects the partner is no party of what it signs with the developer. */
export const twoParties = { parties: { ...ofCedar, governments: [] } }
/** Whose own it is to go. */
export const ofPartnerAlone = { parties: { organisation: 'cedar', developers: [], governments: [] } }
export const finding = (verb: string, id: string, body: object = {}): Case => ({
  operation: `${verb}Finding`,
  at: { finding: id },
  on: `/findings/${id}`,
  body,
  // Nobody was handed it.
  seen: facts('finding', { governments: [], model: modelId }),
  parties: { ...ofCedar, governments: [] },
})
/** What halcyon's people gather is for nobody else, and nobody else decides on it. */
const ofHalcyonAlone: Parties = { organisation: 'halcyon', developers: [], governments: [] }
export const ownOfHalcyon = (noun: 'case' | 'view'): Facts => ({
  ...{ noun, owner: 'halcyon', developers: [], governments: [] },
})
export const gathered = (operation: string, id: string, body: object = {}): Case => ({
  operation,
  at: { case: id },
  on: `/cases/${id}`,
  body,
  seen: ownOfHalcyon('case'),
  parties: ofHalcyonAlone,
})
/** Of a private one, whoever saved it. */
export const savedView = (id: string, further: Partial<Case> = {}): Case => ({
  operation: 'removeView',
  at: { view: id },
  on: `/views/${id}`,
  seen: ownOfHalcyon('view'),
  parties: ofHalcyonAlone,
  ...further,
})
/** Whoever may not do it at all is told so before anything is looked at. */
export const unlessRole =
  (action: ActionName, seen: (someone: Someone) => boolean) =>
  (someone: Someone): boolean =>
    !decides(action, someone, own(someone)) || seen(someone)
/** Kept by halcyon's word: of cedar's entries, so that the office of cedar decides with it. */
export const preservation = (operation: string, id: string): Case => ({
  operation,
  at: { preservation: id },
  on: `/preservations/${id}`,
  seen: facts('preservation', { owner: 'halcyon', placedBy: 'halcyon' }),
  parties: ofHalcyon,
})
export const handedOver = { owner: 'halcyon', decidedBy: ['halcyon', 'ofr'] }
export const hold = (operation: string, id: string, placedBy: string, parties: Parties = ofCedar): Case => ({
  operation,
  at: { hold: id },
  on: `/holds/${id}`,
  seen: facts('hold', { placedBy, about: ['cedar'], model: 'engaged-one' }),
  parties,
})
