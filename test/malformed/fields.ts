/** Every field of the allow-lists with what it does not take, and what would spend more than the request shows. */
import { type Fields, wrong } from './field-texts.ts'
import { anthropicMessages, countTokens } from './fields-anthropic.ts'
import { chat, embeddings, responses } from './fields-openai.ts'
import { call, type Malformed, type OperationPart, paths } from './malformed.ts'

export const lists: Readonly<Record<OperationPart, Fields>> = {
  chat,
  messages: anthropicMessages,
  responses,
  embeddings,
  count_tokens: countTokens,
}
const parts = Object.keys(lists) as OperationPart[]

/** The JSON texts that are refused in a field, by its name. */
export function refusedTexts({ kinds, refused }: Fields): ReadonlyMap<string, readonly string[]> {
  const texts = new Map(Object.entries(refused))
  for (const [field, kind] of Object.entries(kinds))
    texts.set(field, [...wrong[kind], ...(texts.get(field) ?? [])])
  return texts
}

export const objectText = (fields: Readonly<Record<string, string>>): string => {
  const members = Object.entries(fields).map(([name, text]) => `${JSON.stringify(name)}:${text}`)
  return `{${members.join(',')}}`
}

export const fields: readonly Malformed[] = parts.flatMap(part => {
  const { base } = lists[part]
  const of = (name: string, body: Readonly<Record<string, string>>): Malformed =>
    call(part, `${part}: ${name}`, objectText(body), { path: paths[part] })
  // An output limit may be left out.
  const required = Object.keys(base).filter(field => !field.startsWith('max_'))
  return [
    ...[...refusedTexts(lists[part])].flatMap(([field, texts]) =>
      texts.map(text => of(`${field} ${text}`, { ...base, [field]: text })),
    ),
    ...required.map(field => {
      const { [field]: _, ...others } = base
      return of(`no ${field}`, others)
    }),
  ]
})
