/** Seconds for which a token is valid, at a model and at the API. */
export const tokenLifetimes = { model: 300, api: 900 } as const

/** Seconds for which the JWKS may be cached. */
export const jwksLifetime = 300
