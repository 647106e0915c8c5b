/** As much of HTML as a sign-in needs: the forms of a page, and its text. */

export interface Form {
  readonly action: string
  readonly method: 'GET' | 'POST'
  /** What is sent whichever button is pressed, by name; fields that a person fills in hold their first value. */
  readonly fields: ReadonlyMap<string, string>
  readonly buttons: readonly Button[]
}

export interface Button {
  readonly name?: string
  readonly value: string
}

// A quoted value may have a `>` in it.
const tag = /<(\/?)([a-z][a-z0-9]*)((?:\s+[^\s"'<>/=]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'<>]+))?)*)\s*\/?>/gi
const attribute = /([^\s"'<>/=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'<>]+)))?/g

/** In the order of the page. `url` is the page's own, which an action is relative to. */
export function readForms(html: string, url: string): readonly Form[] {
  const forms: Form[] = []
  let open: { fields: Map<string, string>; buttons: Button[] } | undefined
  for (const [, closing, element = '', written = ''] of shown(html).matchAll(tag)) {
    const name = element.toLowerCase()
    const attributes = readAttributes(written)
    if (name === 'form') {
      open = closing ? undefined : { fields: new Map(), buttons: [] }
      if (open) forms.push({ ...open, ...target(attributes, url) })
    } else if (open && !closing) addControl(open, name, attributes)
  }
  return forms
}

function addControl(
  { fields, buttons }: { fields: Map<string, string>; buttons: Button[] },
  element: string,
  attributes: ReadonlyMap<string, string>,
): void {
  const name = attributes.get('name')
  const value = attributes.get('value') ?? ''
  const type = attributes.get('type')?.toLowerCase() ?? (element === 'button' ? 'submit' : 'text')
  if (attributes.has('disabled') || (element !== 'input' && element !== 'button')) return
  if (type === 'submit') buttons.push({ value, ...(name && { name }) })
  // Neither is sent as the page comes.
  const unset = (type === 'checkbox' || type === 'radio') && !attributes.has('checked')
  if (element === 'input' && type !== 'submit' && name && !unset) fields.set(name, value)
}

function target(attributes: ReadonlyMap<string, string>, url: string): Pick<Form, 'action' | 'method'> {
  const method = attributes.get('method')?.toUpperCase() === 'POST' ? 'POST' : 'GET'
  return { method, action: new URL(attributes.get('action') || url, url).href }
}

const readAttributes = (text: string): ReadonlyMap<string, string> =>
  new Map(
    [...text.matchAll(attribute)].map(([, name = '', double, single, bare]) => [
      name.toLowerCase(),
      decode(double ?? single ?? bare ?? ''),
    ]),
  )

/** What a person would read of it, on one line. */
export const readText = (html: string): string =>
  decode(
    shown(html)
      .replace(/<head\b.*?<\/head\s*>/gis, ' ')
      .replace(tag, ' ')
      .replace(/<!doctype[^>]*>/i, ''),
  )
    .replace(/\s+/g, ' ')
    .trim()

const shown = (html: string): string =>
  html.replace(/<!--.*?-->/gs, '').replace(/<(script|style)\b.*?<\/\1\s*>/gis, '')

const entities: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
}

const decode = (text: string): string =>
  text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]+));/gi, (whole, decimal, hex, name) => {
    const code = decimal ? Number(decimal) : Number.parseInt(hex, 16)
    if (name) return entities[name.toLowerCase()] ?? whole
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole
  })
