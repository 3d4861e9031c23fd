/** A key or a value of the chain's storage, a hash, an extrinsic: bytes in hex. */
export type StorageHex = `0x${string}`

/** Null deletes. */
export type StorageChanges = readonly (readonly [StorageHex, StorageHex | null])[]

/** What a runtime call reads. */
export interface StorageReader {
  get(key: StorageHex): StorageHex | undefined
  /** The first key after this one that begins with the prefix. */
  keyAfter(prefix: StorageHex, key: StorageHex): StorageHex | undefined
}

/** The storage at one block. */
export interface StorageView extends StorageReader {
  keys(prefix: StorageHex, after: StorageHex | null, count: number): StorageHex[]
}
