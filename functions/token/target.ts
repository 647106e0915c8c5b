import { authoriseModel, type Caller, type CallerRecords, judgeGrant } from '../../shared/domain/authority.ts'
import { bindingClauses } from '../../shared/domain/clauses.ts'
import { keys } from '../../shared/domain/keys.ts'
import { isDevelopersAlone } from '../../shared/domain/model-step.ts'
import { type Agreement, capabilities, type Grant } from '../../shared/domain/records.ts'
import { type Grounds, Refusal } from '../../shared/domain/refusal.ts'
import type { ModelTokenClaims } from '../../shared/oauth/access-token.ts'
import type { Form } from '../../shared/oauth/form.ts'
import { tokenLifetimes } from '../../shared/oauth/lifetimes.ts'
import { apiResource, apiScopes, modelResource, resourceModel } from '../../shared/oauth/metadata.ts'
import { OAuthError } from '../../shared/oauth/oauth-error.ts'
import { parseScope } from '../../shared/oauth/scope.ts'
import type { Store } from '../../shared/ports/store.ts'
import { readGrants } from '../grants.ts'
import { refused } from './prove.ts'

/** What a token is for, and under which records. */
export interface Target {
  readonly audience: string
  /** Seconds. */
  readonly lifetime: number
  readonly scope: readonly string[]
  readonly model?: Pick<ModelTokenClaims, 'grant' | 'agreement' | 'purpose' | 'clauses' | 'meters'>
}

export interface Requester {
  readonly caller: Caller
  readonly records: CallerRecords
  /** Why the caller is refused, unless it is for a model of which its developer alone decides. */
  readonly stopped?: Refusal
}

/** Step G: grant type, resource (RFC 8707), scope and purpose, by the records as they stand. */
export async function chooseTarget(
  { store, issuer }: { readonly store: Store; readonly issuer: string },
  requester: Requester,
  form: Form,
  now: number,
): Promise<Target | OAuthError> {
  const grantType = form.get('grant_type')
  if (grantType === undefined) return new OAuthError('invalid_request', 'The grant_type is missing.')
  if (grantType !== 'client_credentials')
    return new OAuthError('unsupported_grant_type', 'The grant_type is client_credentials.')

  const resource = form.get('resource')
  const { stopped } = requester
  if (resource === apiResource(issuer))
    return stopped ? refused('unauthorized_client', stopped) : apiTarget(issuer, form)
  if (resource !== undefined && resourceModel(issuer, resource) === undefined)
    return new OAuthError(
      'invalid_target',
      `The resource is ${modelResource(issuer, '<model>')} or ${apiResource(issuer)}.`,
    )
  const { client, organisation } = requester.caller
  const grants = await readGrants(store, organisation)
  const grant = chooseGrant(grants, client, resource && resourceModel(issuer, resource), now)
  if (grant instanceof OAuthError) return stopped ? refused('unauthorized_client', stopped) : grant
  return modelTarget(store, issuer, requester, grant, form, now)
}

function apiTarget(issuer: string, form: Form): Target | OAuthError {
  if (form.has('purpose'))
    return new OAuthError('invalid_request', 'A purpose belongs to a model, not to the API.')
  const scope = chooseScope(form, apiScopes)
  if (scope instanceof OAuthError) return scope
  return { audience: apiResource(issuer), lifetime: tokenLifetimes.api, scope }
}

/** Judged as the gate will judge the token, so that none is issued that could not be used. */
async function modelTarget(
  store: Store,
  issuer: string,
  { caller, records, stopped }: Requester,
  grant: Grant,
  form: Form,
  now: number,
): Promise<Target | OAuthError> {
  const [model, agreement] = await store.get([keys.model(grant.model), keys.agreement(grant.agreement)])
  if (stopped && !(model && isDevelopersAlone(model))) return refused('unauthorized_client', stopped)
  if (agreement === undefined)
    return new OAuthError('invalid_target', `The agreement of the grant ${grant.id} is missing.`, {
      code: 'agreement_not_effective',
    })
  const purpose = choosePurpose(form, agreement)
  if (purpose instanceof OAuthError) return purpose

  const { id, digest, clauses, eligibility } = agreement
  const modelCaller = { ...caller, model: grant.model, grant: grant.id, agreement: { id, digest }, purpose }
  const authority = authoriseModel(modelCaller, { ...records, model, agreement, grant }, now)
  if (authority instanceof Refusal) {
    const error = authority.code === 'purpose_not_registered' ? 'invalid_request' : 'invalid_target'
    return refused(error, authority.under({ agreement }))
  }

  const withheldBy = { clause: clauses.capabilities, agreement: { id, digest } }
  const scope = chooseScope(form, agreement.capabilities, withheldBy)
  if (scope instanceof OAuthError) return scope
  return {
    audience: modelResource(issuer, grant.model),
    lifetime: tokenLifetimes.model,
    scope,
    model: {
      grant: grant.id,
      agreement: { id, digest },
      purpose,
      clauses: bindingClauses(clauses, eligibility?.screening === true),
      meters: grant.meters,
    },
  }
}

/**
 * The grant of the model asked for; without one, the only grant that is active. One that is for other clients is chosen
 * only where there is no other, and refused for that.
 */
function chooseGrant(
  grants: readonly Grant[],
  client: string,
  model: string | undefined,
  now: number,
): Grant | OAuthError {
  const own = grants.filter(({ clients }) => clients?.includes(client) !== false)
  const active = own.filter(grant => isActive(grant, now))
  if (model !== undefined) {
    const found = [...active, ...own, ...grants].find(grant => grant.model === model)
    return found ?? ungranted(`Your organisation holds no grant of ${model}.`)
  }
  const [only, ...others] = active
  if (only === undefined) return ungranted('Your organisation holds no active grant.')
  if (others.length > 0)
    return new OAuthError(
      'invalid_target',
      `Name one resource; active grants are of: ${active.map(grant => grant.model).join(', ')}.`,
    )
  return only
}

const isActive = (grant: Grant, now: number): boolean =>
  !(judgeGrant(grant, { ...grant, agreement: { id: grant.agreement, digest: '' } }, now) instanceof Refusal)

const ungranted = (description: string): OAuthError =>
  new OAuthError('invalid_target', description, { code: 'grant_missing' })

function choosePurpose(form: Form, { purposes }: Agreement): string | OAuthError {
  const purpose = form.get('purpose') ?? (purposes.length === 1 ? purposes[0] : undefined)
  return (
    purpose ?? new OAuthError('invalid_request', `Name one purpose of the agreement: ${purposes.join(', ')}.`)
  )
}

/** Everything on offer when nothing is asked for; never less than what is asked for. */
function chooseScope(
  form: Form,
  offered: readonly string[],
  withheldBy: Grounds = {},
): readonly string[] | OAuthError {
  const asked = form.get('scope')
  const scope = asked === undefined ? offered : parseScope(asked)
  if (scope === undefined || scope.length === 0)
    return new OAuthError('invalid_scope', 'The scope is a list of names, one space between two.')
  const beyond = scope.find(name => !offered.includes(name))
  if (beyond === undefined) return scope
  const withheld = (capabilities as readonly string[]).includes(beyond)
  return new OAuthError(
    'invalid_scope',
    `The scope is one or more of: ${offered.join(' ')}.`,
    withheld ? { code: 'capability_withheld', grounds: withheldBy } : {},
  )
}
