import type { Asked, Part, Reply, Tokens, Usage } from './upstream-provider.ts'
import type { Script } from './upstream-script.ts'

const words = (
  'This reply comes from the demo upstream; no model wrote it. Each of its words counts as one token: ' +
  'it stops at the limit that was asked for and, unless told otherwise, bills what it produced.'
).split(' ')
const thoughts = 'These words stand where a model would have reasoned; nothing reasoned here.'.split(' ')

/** The whole reply as asked and scripted: all of it is known before its first token. */
export function composeReply(asked: Asked, script: Script, identity: Pick<Reply, 'id' | 'created'>): Reply {
  const { choices, maxTokens, inputTokens, model } = asked
  const reasoning = sentence(thoughts, Math.min(script.reasoning, maxTokens))
  const room = maxTokens - reasoning.length
  const output = outputPart(script, room)
  const parts: Part[] = []
  if (reasoning.length > 0) parts.push({ kind: 'reasoning', tokens: reasoning })
  if (room > 0) parts.push(output)

  const truth: Usage = {
    input_tokens: inputTokens,
    output_tokens: choices * (reasoning.length + output.tokens.length),
    reasoning_tokens: choices * reasoning.length,
  }
  const wanted = script.reasoning + (script.tool ? jsonTokens(script.tool.arguments).length : script.tokens)
  return {
    ...identity,
    model,
    choices,
    parts,
    outputTokens: truth.output_tokens,
    stopped: wanted > maxTokens ? 'length' : (script.stop ?? (script.tool ? 'tool' : 'end')),
    ...(asked.tellsUsage && !script.omit_usage && { usage: billed(truth, script.bill) }),
  }
}

function outputPart({ tool, stop, tokens }: Script, room: number): Part {
  if (tool) return { kind: 'tool', name: tool.name, tokens: jsonTokens(tool.arguments).slice(0, room) }
  return { kind: stop === 'refusal' ? 'refusal' : 'text', tokens: sentence(words, Math.min(tokens, room)) }
}

const sentence = (words: readonly string[], length: number): Tokens => ({
  length,
  *[Symbol.iterator]() {
    for (let index = 0; index < length; index += 1)
      yield `${index === 0 ? '' : ' '}${words[index % words.length]}`
  },
})

/** Four characters a token. */
const jsonTokens = (value: object): readonly string[] => JSON.stringify(value).match(/.{1,4}/gsu) ?? []

function billed(truth: Usage, bill: Script['bill']): Usage {
  const { input_tokens, output_tokens } =
    typeof bill === 'object'
      ? bill
      : {
          input_tokens: Math.round(truth.input_tokens * bill),
          output_tokens: Math.round(truth.output_tokens * bill),
        }
  return {
    input_tokens,
    output_tokens,
    reasoning_tokens: Math.min(truth.reasoning_tokens, output_tokens),
  }
}
