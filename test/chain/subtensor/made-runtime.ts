import { createRequire } from 'node:module'
import type { StorageEntry } from '@polkadot/types/primitive/types'
import type { Codec } from '@polkadot/types/types'
import { EXTENSIONS } from '../../../chain/subtensor/signed-extensions.js'
import { concat, toHex, utf8 } from '../../../formats/bytes.js'
import { MadeTypes, variantOf } from './made-types.js'

const require = createRequire(import.meta.url)
const { Metadata, TypeRegistry }: typeof import('@polkadot/types') = require('@polkadot/types')
const {
  expandMetadata,
}: typeof import('@polkadot/types/metadata') = require('@polkadot/types/metadata')

/** Which of Subtensor's calls a made runtime has, beside `set_weights`, `commit_weights` and `reveal_weights`. */
export interface MadeRuntimeOptions {
  readonly timelocked: boolean
  readonly mechanisms: boolean
}

/**
 * Metadata of a runtime that is nobody's: the types, storage and calls that the adapter goes by, as they stand in
 * Subtensor's source from spec 425 on (`pallets/subtensor/src/lib.rs`, `macros/dispatches.rs`), which no node here runs.
 */
export function madeMetadata({ timelocked, mechanisms }: MadeRuntimeOptions): Uint8Array {
  const t = new MadeTypes()
  const common = (name: string, inner: number) =>
    t.wrapper(`subtensor_runtime_common::${name}`, inner)
  const netuid = common('NetUid', t.u16)
  const mecid = common('MechId', t.u8)
  const index = common('NetUidStorageIndex', t.u16)
  const alpha = common('AlphaCurrency', t.u64)
  const axon = t.struct('pallet_subtensor::pallet::AxonInfo', {
    ...{ block: t.u64, version: t.u32, ip: t.u128, port: t.u16, ip_type: t.u8, protocol: t.u8 },
    ...{ placeholder1: t.u8, placeholder2: t.u8 },
  })
  const shares = t.vec(t.tuple(t.u64, t.account))
  const commits = t.vec(t.tuple(t.hash, t.u64, t.u64, t.u64))
  const timelocks = t.vec(t.tuple(t.account, t.u64, t.bounded(t.u8), t.u64))
  const weights = t.vec(t.tuple(t.u16, t.u16))

  const map = (name: string, keys: number[], value: number, fallback: string | null = '00') => ({
    name,
    modifier: fallback === null ? 'Optional' : 'Default',
    type: {
      Map: {
        hashers: keys.map((key) => (key === t.account ? 'Blake2_128Concat' : 'Twox64Concat')),
        key: keys.length === 1 ? keys[0]! : t.tuple(...keys),
        value,
      },
    },
    fallback: `0x${fallback ?? '00'}`,
    docs: [],
  })
  const plain = (name: string, value: number, fallback: string) => ({
    ...{ name, modifier: 'Default', type: { Plain: value }, fallback: `0x${fallback}`, docs: [] },
  })
  const [zero2, zero8, zeroKey] = ['00'.repeat(2), '00'.repeat(8), '00'.repeat(32)] as const
  const storage = [
    map('NetworksAdded', [netuid], t.bool),
    map('SubnetworkN', [netuid], t.u16, zero2),
    map('Keys', [netuid, t.u16], t.account, zeroKey),
    map('Owner', [t.account], t.account, zeroKey),
    map('Axons', [netuid, t.account], axon, null),
    map('ValidatorPermit', [netuid], t.vec(t.bool)),
    map('LastUpdate', [index], t.vec(t.u64)),
    map('BlockAtRegistration', [netuid, t.u16], t.u64, zero8),
    map('TotalHotkeyAlpha', [t.account, netuid], alpha, zero8),
    map('ParentKeys', [t.account, netuid], shares),
    map('ChildKeys', [t.account, netuid], shares),
    plain('TaoWeight', t.u64, zero8),
    map('Weights', [index, t.u16], weights),
    map('Tempo', [netuid], t.u16, zero2),
    map('WeightsSetRateLimit', [netuid], t.u64, zero8),
    map('WeightsVersionKey', [netuid], t.u64, zero8),
    map('MinAllowedWeights', [netuid], t.u16, zero2),
    map('MaxWeightsLimit', [netuid], t.u16, 'ffff'),
    map('CommitRevealWeightsEnabled', [netuid], t.bool),
    map('RevealPeriodEpochs', [netuid], t.u64, `01${'00'.repeat(7)}`),
    map('WeightCommits', [index, t.account], commits, null),
    map('ImmunityPeriod', [netuid], t.u16, zero2),
    map('MaxAllowedUids', [netuid], t.u16, zero2),
    map('ServingRateLimit', [netuid], t.u64, zero8),
    map('BlocksSinceLastStep', [netuid], t.u64, zero8),
    plain('StakeThreshold', t.u64, zero8),
    map('SubnetOwnerHotkey', [netuid], t.account, zeroKey),
    map('MechanismCountCurrent', [netuid], mecid, '01'),
    map('SubnetEpochIndex', [netuid], t.u64, zero8),
    map('LastEpochBlock', [netuid], t.u64, zero8),
    map('PendingEpochAt', [netuid], t.u64, zero8),
    ...(timelocked
      ? [
          map('TimelockedWeightCommits', [index, t.u64], timelocks),
          plain('CommitRevealWeightsVersion', t.u16, '0400'),
        ]
      : []),
  ]

  const u16s = t.vec(t.u16)
  const timelock = {
    commit: t.bounded(t.u8),
    reveal_round: t.u64,
    commit_reveal_version: t.u16,
  }
  const shown = { uids: u16s, values: u16s, salt: u16s, version_key: t.u64 }
  const set = { dests: u16s, weights: u16s, version_key: t.u64 }
  const calls = t.variant('pallet_subtensor::pallet::Call', [
    variantOf('set_weights', 0, { netuid, ...set }),
    variantOf('commit_weights', 96, { netuid, commit_hash: t.hash }),
    variantOf('reveal_weights', 97, { netuid, ...shown }),
    ...(timelocked ? [variantOf('commit_timelocked_weights', 113, { netuid, ...timelock })] : []),
    ...(mechanisms
      ? [
          variantOf('commit_mechanism_weights', 115, { netuid, mecid, commit_hash: t.hash }),
          variantOf('reveal_mechanism_weights', 116, { netuid, mecid, ...shown }),
          variantOf('commit_timelocked_mechanism_weights', 118, { netuid, mecid, ...timelock }),
          variantOf('set_mechanism_weights', 119, { netuid, mecid, ...set }),
        ]
      : []),
  ])
  const call = t.variant('made_runtime::RuntimeCall', [
    variantOf('SubtensorModule', 7, { '': calls }),
  ])
  const event = t.variant('made_runtime::RuntimeEvent', [])
  const error = t.variant('made_runtime::RuntimeError', [])
  t.struct('frame_system::EventRecord', { event, topics: t.vec(t.hash) }, { E: event, T: t.hash })
  const era = t.variant('sp_runtime::generic::era::Era', [variantOf('Immortal', 0)])
  const address = t.variant(
    'sp_runtime::multiaddress::MultiAddress',
    [variantOf('Id', 0, { '': t.account })],
    { AccountId: t.account, AccountIndex: t.nothing },
  )
  const signature = t.variant('sp_runtime::MultiSignature', [
    variantOf('Sr25519', 1, { '': t.array(64, t.u8) }),
  ])
  const mode = t.variant('frame_metadata_hash_extension::Mode', [
    variantOf('Disabled', 0),
    variantOf('Enabled', 1),
  ])
  const extra = t.nothing
  const extrinsic = t.wrapper(
    'sp_runtime::generic::unchecked_extrinsic::UncheckedExtrinsic',
    t.bytes,
    { Address: address, Call: call, Signature: signature, Extra: extra },
  )
  const extensions: [name: string, type: number, additionalSigned: number][] = [
    ['CheckNonZeroSender', t.nothing, t.nothing],
    ['CheckSpecVersion', t.nothing, t.u32],
    ['CheckTxVersion', t.nothing, t.u32],
    ['CheckGenesis', t.nothing, t.hash],
    ['CheckMortality', era, t.hash],
    ['CheckNonce', t.compact(t.u32), t.nothing],
    ['CheckWeight', t.nothing, t.nothing],
    ['ChargeTransactionPaymentWrapper', t.compact(t.u64), t.nothing],
    ['SubtensorTransactionExtension', t.nothing, t.nothing],
    ['DrandPriority', t.nothing, t.nothing],
    ['CheckMetadataHash', mode, t.option(t.array(32, t.u8))],
  ]
  const pallet = (name: string, at: number, more: object) => ({
    ...{ name, index: at, storage: null, calls: null, events: null, errors: null },
    ...{ constants: [], docs: [], ...more },
  })
  const blockTime = `0x${toHex(Uint8Array.of(0xe0, 0x2e, 0, 0, 0, 0, 0, 0))}`
  const metadata = {
    lookup: { types: t.all },
    pallets: [
      pallet('Timestamp', 2, {
        storage: { prefix: 'Timestamp', items: [plain('Now', t.u64, zero8)] },
      }),
      pallet('Aura', 3, {
        constants: [{ name: 'SlotDuration', type: t.u64, value: blockTime, docs: [] }],
      }),
      pallet('SubtensorModule', 7, {
        storage: { prefix: 'SubtensorModule', items: storage },
        calls: { type: calls },
      }),
    ],
    extrinsic: {
      ...{ version: 4, addressType: address, callType: call, signatureType: signature },
      extraType: extra,
      signedExtensions: extensions.map(([identifier, type, additionalSigned]) => ({
        ...{ identifier, type, additionalSigned },
      })),
    },
    type: extrinsic,
    apis: [],
    outerEnums: { callType: call, eventType: event, errorType: error },
    custom: { map: new Map() },
  }
  const body = new TypeRegistry().createType('MetadataV15', metadata as never).toU8a()
  return concat(utf8('meta'), Uint8Array.of(15), body)
}

/** A made runtime with what a test puts into its storage, and how it reads what was signed for it. */
export class MadeRuntime {
  /** By key, both hex with 0x. */
  readonly stored = new Map<string, string>()
  readonly metadata: Uint8Array
  readonly registry = new TypeRegistry()
  readonly #query

  constructor(options: MadeRuntimeOptions) {
    this.metadata = madeMetadata(options)
    const metadata = new Metadata(this.registry, `0x${toHex(this.metadata)}`)
    this.registry.setMetadata(metadata, undefined, EXTENSIONS, true)
    this.#query = expandMetadata(this.registry, metadata).query
  }

  /** Puts a value under an item of a pallet, both by the API's names. */
  put(pallet: string, item: string, keys: readonly unknown[], value: unknown): void {
    const entry: StorageEntry = this.#query[pallet]![item]!
    const key = this.registry.createType('StorageKey', [entry, keys] as never)
    const { type } = entry.meta
    const id = type.isMap ? type.asMap.value : type.asPlain
    const name = this.registry.createLookupType(id)
    const encoded: Codec = this.registry.createTypeUnsafe(name, [value])
    this.stored.set(key.toHex(), `0x${toHex(encoded.toU8a())}`)
  }
}
