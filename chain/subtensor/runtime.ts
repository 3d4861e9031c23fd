import type { TypeRegistry } from '@polkadot/types'
import type { DispatchError, EventRecord } from '@polkadot/types/interfaces'
import type { DecoratedMeta } from '@polkadot/types/metadata/decorate/types'
import type { StorageEntry } from '@polkadot/types/primitive/types'
import type { Codec } from '@polkadot/types/types'
import { z } from 'zod'
import { messageOf } from '../../base/errors.js'
import { fromHex } from '../../formats/bytes.js'
import { ChainError } from '../errors.js'
import {
  expandMetadata,
  Metadata,
  TypeRegistry as Registry,
  unwrapStorageType,
} from './polkadot-types.js'

export const runtimeVersion = z.object({
  specName: z.string(),
  specVersion: z.int(),
  transactionVersion: z.int(),
})
export type RuntimeVersion = z.infer<typeof runtimeVersion>

/** One extension of a signed extrinsic: what it adds to its bytes, and what to the signed text alone. */
export interface SignedExtension {
  name: string
  /** Names of types in the registry. */
  extra: string
  implicit: string
}

/** One version of a chain's runtime, as its metadata tells: storage, calls, errors, constants. */
export class Runtime {
  readonly version: RuntimeVersion
  readonly registry: TypeRegistry
  readonly signedExtensions: readonly SignedExtension[]
  readonly #decorated: DecoratedMeta

  /** @throws ChainError `bad_chain_answer` */
  constructor(version: RuntimeVersion, metadata: string) {
    this.version = version
    this.registry = new Registry()
    try {
      const parsed = new Metadata(this.registry, metadata as `0x${string}`)
      this.registry.setMetadata(parsed, undefined, undefined, true)
      this.#decorated = expandMetadata(this.registry, parsed)
      this.signedExtensions = signedExtensionsOf(parsed, this.registry)
    } catch (cause) {
      const message = `the metadata of runtime ${version.specVersion} can't be read: ${messageOf(cause)}`
      throw new ChainError('bad_chain_answer', message, { cause })
    }
  }

  /** Null when this runtime has no such storage. Names as in polkadot.js: `subtensorModule`, `axons`. */
  storage(pallet: string, item: string): StorageEntry | null {
    return this.#decorated.query[pallet]?.[item] ?? null
  }

  /** The names of a call's arguments, or null when this runtime has no such call. */
  callArguments(pallet: string, call: string): string[] | null {
    const found = this.#decorated.tx[pallet]?.[call]
    return found === undefined ? null : found.meta.args.map((arg) => arg.name.toString())
  }

  /** The bytes of a call. @throws ChainError `bad_request` for arguments of the wrong shape */
  callBytes(pallet: string, call: string, args: unknown[]): Uint8Array {
    const found = this.#decorated.tx[pallet]?.[call]
    if (found === undefined) {
      throw new ChainError('bad_chain_answer', `this runtime has no call ${pallet}.${call}`)
    }
    try {
      return found(...args).toU8a()
    } catch (cause) {
      throw new ChainError('bad_request', `${pallet}.${call}: ${messageOf(cause)}`, { cause })
    }
  }

  constant(pallet: string, name: string): Codec | null {
    return this.#decorated.consts[pallet]?.[name] ?? null
  }

  /**
   * By a block's events, the name of the error that ended its extrinsic of this index; null when it
   * did what it should.
   * @throws ChainError `bad_chain_answer`
   */
  dispatchError(events: string | null, index: number): string | null {
    const entry = this.storage('system', 'events')
    if (entry !== null && events !== null) {
      const type = unwrapStorageType(this.registry, entry.meta.type)
      const records = this.registry.createTypeUnsafe(type, [
        fromHex(events.slice(2)),
      ]) as unknown as EventRecord[]
      for (const { phase, event } of records) {
        if (!phase.isApplyExtrinsic || phase.asApplyExtrinsic.toNumber() !== index) continue
        if (event.section !== 'system') continue
        if (event.method === 'ExtrinsicSuccess') return null
        if (event.method === 'ExtrinsicFailed') {
          return this.#errorName(event.data[0] as unknown as DispatchError)
        }
      }
    }
    throw new ChainError(
      'bad_chain_answer',
      `a block's events don't tell of its extrinsic ${index}`,
    )
  }

  #errorName(error: DispatchError): string {
    if (error.isModule) return this.registry.findMetaError(error.asModule).name
    const { inner } = error as unknown as { inner: { type?: string } }
    return inner.type === undefined ? error.type : `${error.type}.${inner.type}`
  }

  /** Decodes a value of this storage; what is not stored has the entry's default, or is null. */
  decode(entry: StorageEntry, value: string | null): unknown {
    const { type, modifier, fallback } = entry.meta
    if (value === null && modifier.isOptional) return null
    const name = unwrapStorageType(this.registry, type)
    // Bytes, never hex: polkadot.js takes the hex of an integer for a number, largest byte first.
    const bytes = value === null ? fallback.toU8a(true) : fromHex(value.slice(2))
    return this.registry.createTypeUnsafe(name, [bytes]).toPrimitive()
  }
}

/** The types of what extensions sign, which only metadata 14 and 15 tell in this form. */
function signedExtensionsOf(
  metadata: InstanceType<typeof Metadata>,
  registry: TypeRegistry,
): SignedExtension[] {
  const { extrinsic } = metadata.version === 15 ? metadata.asV15 : metadata.asV14
  return extrinsic.signedExtensions.map(({ identifier, type, additionalSigned }) => ({
    name: identifier.toString(),
    extra: registry.createLookupType(type),
    implicit: registry.createLookupType(additionalSigned),
  }))
}
