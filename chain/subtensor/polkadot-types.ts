import { createRequire } from 'node:module'

/**
 * Polkadot's SCALE types and metadata, in their CommonJS form for the reason of base/crypto.ts. Not
 * its API: that prints every failed call on the console and sets no deadline.
 */
const types: typeof import('@polkadot/types') = createRequire(import.meta.url)('@polkadot/types')

export const { expandMetadata, Metadata, TypeRegistry, unwrapStorageType } = types
