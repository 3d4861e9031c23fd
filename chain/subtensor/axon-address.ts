import ipaddr from 'ipaddr.js'
import type { AxonAddress } from '../chain.js'
import { servedIp } from '../served-ip.js'

/** An address as stored on the chain: a big-endian integer, and 4 or 6. */
export interface StoredIp {
  ip: bigint
  ipType: number
}

/** Null if it can't be served on: no address, no port, or an integer that is not an address. */
export function axonAddress({ ip, ipType, port }: StoredIp & { port: number }): AxonAddress | null {
  const bytes = ipType === 4 ? 4 : 16
  if (ip === 0n || port === 0 || (ipType !== 4 && ipType !== 6)) return null
  if (ip >= 1n << BigInt(bytes * 8)) return null
  const parts = Array.from({ length: bytes }, (_, i) =>
    Number((ip >> BigInt(8 * (bytes - 1 - i))) & 0xffn),
  )
  return { ip: ipaddr.fromByteArray(parts).toString(), port }
}

/** @throws ChainError `InvalidIpType`, `InvalidIpAddress` */
export function storedIp(text: string): StoredIp {
  const address = servedIp(text)
  const ip = address.toByteArray().reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
  return { ip, ipType: address.kind() === 'ipv4' ? 4 : 6 }
}
