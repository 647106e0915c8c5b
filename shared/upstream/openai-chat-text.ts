/** What of a reply of OpenAI's Chat Completions is text; servers that copy it tell reasoning by names of their own. */
import { type Fields, fields, jsonPiece, listed, type Piece, piece, type ReplyText } from './reply-text.ts'

export const openaiChatText: ReplyText = {
  document: ({ choices }) => listed(choices).flatMap(([i, { message }]) => ofMessage(i, fields(message))),
  event: ({ choices }) => listed(choices).flatMap(([i, { delta }]) => ofMessage(i, fields(delta))),
}

const texts = ['content', 'refusal', 'reasoning_content', 'reasoning'] as const

const ofMessage = (choice: string, message: Fields): readonly Piece[] => [
  ...texts.flatMap(name => piece(`${choice} ${name}`, message[name])),
  ...listed(message.content).flatMap(([i, { text }]) => piece(`${choice} content ${i}`, text)),
  ...listed(message.tool_calls).flatMap(([i, call]) => [
    ...jsonPiece(`${choice} call ${i}`, fields(call.function).arguments),
    ...piece(`${choice} custom call ${i}`, fields(call.custom).input),
  ]),
  ...jsonPiece(`${choice} call`, fields(message.function_call).arguments),
]
