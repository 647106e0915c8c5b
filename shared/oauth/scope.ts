/** RFC 6749 §3.3: tokens of printable ASCII without `"` and `\`, one space between two. */
const grammar = /^[\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*$/

/** The distinct tokens of a scope in their order, or `undefined`. */
export const parseScope = (scope: string): readonly string[] | undefined =>
  grammar.test(scope) ? [...new Set(scope.split(' '))] : undefined
