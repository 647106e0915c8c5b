/**
 * The upstreams' keys by their names, from JSON that holds them so. `source` is where it comes from, for the errors;
 * none of them quotes the text, which is a secret whole. The returned function throws on a name that has no key and
 * on a key that cannot stand in a header.
 */
export function parseCredentials(source: string, text: string): (name: string) => string {
  const named = parsed(source, text)
  return name => {
    const key = (named as Record<string, unknown> | null)?.[name]
    if (typeof key !== 'string') throw new Error(`${source} has no key named ${name}`)
    if (!/^[\x21-\x7e]+$/.test(key))
      throw new Error(`${source}: the key ${name} has a blank or a line break in it`)
    return key
  }
}

/** The parser's own message would quote the text, and so a key. */
function parsed(source: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Error(`${source} is not JSON: an object of names and keys.`)
  }
}
