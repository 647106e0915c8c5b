/** Where a page of an index ended: the sort attribute, then the key that tells equal ones apart. */
export type PagePosition = readonly [sort: string, pk: string, sk: string]

/** The `next` of a page: opaque to a caller, the same from every backend. */
export const encodePosition = (position: PagePosition): string =>
  position.map(part => Buffer.from(part).toString('base64url')).join('.')

/** Throws a `TypeError` on what is no `next`: it comes from a query string. */
export function decodePosition(after: string): PagePosition {
  const [sort, pk, sk, ...rest] = after.split('.').map(part => Buffer.from(part, 'base64url').toString())
  if (sort === undefined || pk === undefined || sk === undefined || rest.length > 0)
    throw new TypeError('`after` is not the `next` of a page')
  return [sort, pk, sk]
}
