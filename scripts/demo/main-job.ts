/** The main job, shown once at each start: a token, a streamed call, the budget, the entries. */
import { join } from 'node:path'
import { createGateway, type Entry } from '../../client/index.ts'
import { modelResource } from '../../shared/oauth/metadata.ts'
import type { DemoCredentials } from './credentials.ts'
import { signIns } from './sign-ins.ts'
import { partners } from './story.ts'

const question = 'What is this reply, and who wrote it?'
const outputLimit = 48

export async function showMainJob(
  credentials: DemoCredentials,
  issuer: string,
  data: string,
  print: (line: string) => void,
): Promise<void> {
  const [partner] = credentials.partners
  if (partner === undefined) throw new Error('the demo has no partner')
  const { client_id: clientId, key, kid, model } = partner
  const gateway = createGateway({ issuer, clientId, key, kid })
  const name = partners.find(({ id }) => id === partner.id)?.name ?? partner.id
  const remaining = async (): Promise<number> => (await gateway.quota(model))[0]?.remaining ?? 0

  print('')
  print(`The main job, for ${name} and ${model} (all made up):`)
  const before = await remaining()

  const token = await gateway.token({ resource: modelResource(issuer, model) })
  print(
    `  token    ${token.token_type}, bound to the workload's key, ${token.expires_in} s, scope: ${token.scope}`,
  )

  const response = await gateway.fetch(`${gateway.openai}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      model,
      max_tokens: outputLimit,
      stream: true,
      messages: [{ role: 'user', content: question }],
    }),
  })
  const reply = await response.text()
  if (!response.ok) throw new Error(reply)
  print(`  call     POST /openai/v1/chat/completions, streamed: ${response.status}`)
  print(`           ${wrap(textOf(reply)).join('\n           ')}`)

  const after = await remaining()
  print(`  budget   ${figure(before)} tokens before, ${figure(after)} after: ${figure(before - after)} used`)

  const eid = response.headers.get('x-sallyport-entry') ?? ''
  for (const entry of [await gateway.entry(eid), await gateway.entry(`${eid}.outcome`)])
    print(`  entry    ${entry.eid}  ${sentence(entry)}`)
  print('')
  const path = join(data, 'demo', 'credentials.json')
  const sallyport = data === '.sallyport' ? 'npx sallyport' : `npx sallyport --profile ${path}`
  print('Try it yourself, in another terminal of this folder:')
  print(`  ${sallyport} quota`)
  print(
    `  ${sallyport} curl /openai/v1/chat/completions -d '{"model":"${model}","max_tokens":20,"messages":[{"role":"user","content":"Hello"}]}'`,
  )
  print(`  ${sallyport} log tail`)
  print(`  ${sallyport} auth login`)
  print('There a page asks for the id of your organisation (ofr, halcyon, cedar, prairie or ledger),')
  print(`and then who you are: ${signIns}, and others.`)
  print(`The workloads' credentials are in ${path}.`)
}

const figure = (n: number): string => n.toLocaleString('en-US')

/** The text of a streamed chat completion. */
function textOf(stream: string): string {
  const parts = stream.split('\n').flatMap(line => {
    if (!line.startsWith('data: {')) return []
    const { choices } = JSON.parse(line.slice(6)) as { choices: { delta: { content?: string } }[] }
    return choices.map(choice => choice.delta.content ?? '')
  })
  return parts.join('')
}

function wrap(text: string): readonly string[] {
  return text.match(/.{1,80}(?:\s|$)/g)?.map(line => line.trim()) ?? []
}

function sentence({ body }: Entry): string {
  const told = (body as { unmapped: Record<string, unknown> }).unmapped
  return told.kind === 'intent'
    ? `intent: ${told.reserve} tokens reserved before the model was asked`
    : `outcome: ${told.ending}, ${told.charge} tokens charged`
}
