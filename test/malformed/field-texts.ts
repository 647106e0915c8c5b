/** What fields of a kind do not take, whatever the protocol. */

/** JSON texts that a field of this kind does not take. */
export const wrong = {
  text: ['7', 'true', '{}', '["x"]'],
  positive: ['"1"', '1.5', '0', '-0', '-1', 'true', '{}', '[1]', '1e999', '1e-9', '9007199254740993'],
  whole: ['"1"', '1.5', 'true', '{}', '1e999', '9007199254740993'],
  number: ['"1"', 'true', '{}', '[1]', '1e999'],
  boolean: ['"true"', '1', '0', '{}', '[]'],
  list: ['"x"', '7', '{}', 'true'],
  object: ['"x"', '7', '[]', 'true'],
  stop: ['7', '{}', 'true', '[7]', '[null]', '[["x"]]'],
  texts: ['"x"', '7', '{}', '[7]', '[null]'],
} as const

/** One path's list of fields. */
export interface Fields {
  readonly base: Readonly<Record<string, string>>
  readonly kinds: Readonly<Record<string, keyof typeof wrong>>
  /** Fields with JSON texts, one each, that are refused. */
  readonly refused: Readonly<Record<string, readonly string[]>>
}

export const model = '"aurora-preview"'
export const messages = '[{"role":"user","content":"x"}]'
export const says = (content: string): string => `[{"role":"user","content":[${content}]}]`
export const notMessages = [
  '{}',
  '"x"',
  '7',
  '[]',
  '[7]',
  '[null]',
  '[[]]',
  '[{}]',
  '[{"role":"user"}]',
  '[{"content":"x"}]',
  '[{"role":"admin","content":"x"}]',
  '[{"role":7,"content":"x"}]',
  '[{"role":"user","content":7}]',
  '[{"role":"user","content":{}}]',
  '[{"role":"user","content":[7]}]',
  '[{"role":"user","content":[{}]}]',
  '[{"role":"user","content":[{"type":"text"}]}]',
  '[{"role":"user","content":[{"type":"text","text":7}]}]',
  '[{"role":"user","content":"x","x":1}]',
  '[{"role":"user","content":[{"type":"text","text":"x","x":1}]}]',
]

export const notTools = ['[7]', '[null]', '[{}]', '[{"type":7}]', '[{"type":"x"}]', '[[]]']
