/** What of a reply of OpenAI's Responses is text. */
import {
  type Fields,
  fields,
  jsonPiece,
  listed,
  type Piece,
  piece,
  place,
  type ReplyText,
} from './reply-text.ts'

export const openaiResponsesText: ReplyText = { document, event }

function document({ output }: Fields): readonly Piece[] {
  return listed(output).flatMap(([i, item]) => [
    ...[item.content, item.summary].flatMap((parts, n) =>
      listed(parts).flatMap(([p, { text, refusal }]) => [
        ...piece(`${i} ${n} ${p} text`, text),
        ...piece(`${i} ${n} ${p} refusal`, refusal),
      ]),
    ),
    ...jsonPiece(`${i} arguments`, item.arguments),
    ...piece(`${i} input`, item.input),
  ])
}

const deltas: readonly unknown[] = [
  'response.output_text.delta',
  'response.refusal.delta',
  'response.reasoning_text.delta',
  'response.reasoning_summary_text.delta',
  'response.custom_tool_call_input.delta',
]
const lastEvents: readonly unknown[] = ['response.completed', 'response.incomplete']

/** The last event tells the whole reply again: all there is of it where an upstream sent no deltas. */
function event({
  type,
  output_index,
  content_index,
  summary_index,
  delta,
  response,
}: Fields): readonly Piece[] {
  const of = place(deltas.indexOf(type), output_index, content_index, summary_index)
  if (type === 'response.function_call_arguments.delta') return jsonPiece(of, delta)
  if (deltas.includes(type)) return piece(of, delta)
  return lastEvents.includes(type) ? document(fields(response)) : []
}
