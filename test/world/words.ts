/** Paths of what is not in the words of the API: names in camel case, and moments in milliseconds. */
export function foreignWords(value: unknown, path = ''): readonly string[] {
  if (typeof value === 'number') return Number.isInteger(value) && value > 1e12 ? [`${path}: ${value}`] : []
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) => {
    const at = path === '' ? name : `${path}.${name}`
    return [...(!Array.isArray(value) && /[A-Z]/.test(name) ? [at] : []), ...foreignWords(inner, at)]
  })
}

interface Told {
  readonly params?: unknown
  readonly difference?: readonly { readonly field: string; readonly from?: unknown; readonly to?: unknown }[]
  readonly effects?: unknown
}

/** In what an entry or a proposal tells of a decision. */
export const foreignIn = ({ params, difference = [], effects }: Told): readonly string[] => [
  ...foreignWords({ params, effects }),
  ...difference.flatMap(({ field, from, to }) => [
    ...(/[A-Z]/.test(field) ? [field] : []),
    ...foreignWords({ [field]: { from, to } }),
  ]),
]
