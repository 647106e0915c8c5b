/** JWS made by hand: what a library refuses to make has to be sent as well. */
import { constants, createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

export type Fields = Readonly<Record<string, unknown>>

/** A member that is `undefined` is left out. The signature is the one that `alg` asks for. */
export function compactJws(header: Fields, payload: Fields, key: KeyObject): string {
  const input = `${encode(header)}.${encode(payload)}`
  return `${input}.${signature(String(header.alg), Buffer.from(input), key).toString('base64url')}`
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

function signature(alg: string, input: Buffer, key: KeyObject): Buffer {
  switch (alg) {
    case 'none':
      return Buffer.alloc(0)
    case 'HS256':
      return createHmac('sha256', key).update(input).digest()
    case 'RS256':
      return sign('sha256', input, key)
    case 'PS256':
      return sign('sha256', input, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 })
    case 'Ed25519':
    case 'EdDSA':
      return sign(null, input, key)
    default:
      return sign('sha256', input, { key, dsaEncoding: 'ieee-p1363' })
  }
}

export const ecKeys = () => generateKeyPairSync('ec', { namedCurve: 'P-256' })
export const edKeys = () => generateKeyPairSync('ed25519')
export const rsaKeys = () => generateKeyPairSync('rsa', { modulusLength: 2048 })

export const publicJwk = (key: KeyObject): Fields => ({ ...key.export({ format: 'jwk' }) })
