/** What of a reply of Anthropic's Messages is text. */
import {
  type Fields,
  fields,
  jsonPiece,
  listed,
  type Piece,
  piece,
  place,
  type ReplyText,
  stringsOf,
} from './reply-text.ts'

export const anthropicText: ReplyText = {
  document: ({ content }) => listed(content).flatMap(([i, block]) => ofBlock(i, block)),
  event: ({ type, index, content_block, delta }) => {
    const block = place(index)
    if (type === 'content_block_start') return ofBlock(block, fields(content_block))
    if (type !== 'content_block_delta') return []
    const { text, thinking, partial_json } = fields(delta)
    return [...ofBlock(block, { text, thinking }), ...jsonPiece(`${block} json`, partial_json)]
  },
}

const ofBlock = (block: string, { text, thinking, input }: Fields): readonly Piece[] => [
  ...piece(`${block} text`, text),
  ...piece(`${block} thinking`, thinking),
  ...piece(`${block} input`, stringsOf(input)),
]
