import type { ApiPromise } from '@polkadot/api'
import { FractalError } from '../../base/errors.js'
import type { SubnetParams } from '../../chain/chain.js'
import { blake2Hex } from './blake2.js'
import type { DevChain } from './chain.js'
import { ForcedPermits } from './permits.js'
import { littleEndian } from './scale.js'
import type { StorageHex } from './storage.js'
import { type Call, Sudo } from './sudo.js'

/** How many blocks a commit's reveal waits, in epochs; beside what the interface has. */
export type DevSubnetParams = Partial<SubnetParams> & {
  readonly revealPeriodEpochs?: number
  readonly maxValidators?: number
}

export interface Registration {
  readonly hotkey: string
  readonly coldkey: string
}

const TAO = 10n ** 9n
/** Enough for any fee and registration here. */
const FUNDS = 1_000_000n * TAO
const NO_LIMIT = 65_535
/** A subnet with a token of its own, as all on Bittensor's main network are. */
const DYNAMIC = 1

/** `adminUtils.…(netuid, value)` by parameter. */
const SETTERS = {
  tempo: 'sudoSetTempo',
  weightsRateLimit: 'sudoSetWeightsSetRateLimit',
  weightsVersionKey: 'sudoSetWeightsVersionKey',
  minAllowedWeights: 'sudoSetMinAllowedWeights',
  maxWeightLimit: 'sudoSetMaxWeightLimit',
  commitReveal: 'sudoSetCommitRevealWeightsEnabled',
  revealPeriodEpochs: 'sudoSetCommitRevealWeightsInterval',
  immunityPeriod: 'sudoSetImmunityPeriod',
  maxUids: 'sudoSetMaxAllowedUids',
  maxValidators: 'sudoSetMaxAllowedValidators',
  servingRateLimit: 'sudoSetServingRateLimit',
} as const

/** Brings a development chain's subnets into a state, by its root's calls where there is one. */
export class Subnets {
  readonly #api: ApiPromise
  readonly #chain: DevChain
  readonly #sudo: Sudo
  readonly #permits = new ForcedPermits()

  constructor(chain: DevChain, api: ApiPromise) {
    this.#chain = chain
    this.#api = api
    this.#sudo = new Sudo(chain, api)
  }

  /** A new subnet; its owner's hotkey has uid 0. One block. */
  async make(params: DevSubnetParams): Promise<number> {
    const netuid = await this.#freeNetuid()
    const owner = accountOf(`owner of subnet ${netuid}`)
    const { adminUtils, subtensorModule } = this.#api.tx
    const hotkey = accountOf(`hotkey of the owner of subnet ${netuid}`)
    await this.#sudo.run(
      [
        this.#sudo.root(adminUtils!.sudoSetNetworkRateLimit!(0)),
        this.#fund(owner),
        this.#sudo.as(owner, subtensorModule!.registerNetwork!(hotkey, DYNAMIC)),
        ...this.#open(netuid),
        ...this.#setters(netuid, params),
      ],
      // Each subnet would cost twice what the one before did.
      [[this.#key('networkLastLockCost'), `0x${littleEndian(1, 8)}`]],
    )
    return netuid
  }

  /** One block. `minStakeRao` holds for all subnets: this runtime has one for the whole chain. */
  async setParams(netuid: number, params: DevSubnetParams): Promise<void> {
    await this.#sudo.run(this.#setters(netuid, params))
  }

  /** In the metagraph when this returns; one block. @throws FractalError `sudo_failed` */
  async register(netuid: number, neurons: readonly (string | Registration)[]): Promise<void> {
    const calls = neurons.flatMap((neuron) => {
      const { hotkey, coldkey } = typeof neuron === 'string' ? withColdkey(neuron) : neuron
      const call = this.#api.tx.subtensorModule!.burnedRegister!(netuid, hotkey)
      return [this.#fund(coldkey), this.#sudo.as(coldkey, call)]
    })
    await this.#sudo.run([...this.#open(netuid), ...calls])
  }

  /** Gives the account a million TAO; one block. */
  async fund(address: string): Promise<void> {
    await this.#sudo.run([this.#fund(address)])
  }

  /** What the hotkey's owner has staked on it in this subnet, exactly; one block. */
  async setStake(netuid: number, hotkey: string, rao: bigint): Promise<void> {
    const { owner, totalHotkeyAlpha, subnetAlphaOut } = this.#api.query.subtensorModule!
    const coldkey = String(await owner!(hotkey))
    const before = BigInt(String(await totalHotkeyAlpha!(hotkey, netuid)))
    const out = BigInt(String(await subnetAlphaOut!(netuid)))
    const amount: StorageHex = `0x${littleEndian(rao, 8)}`
    await this.#sudo.run(
      [],
      [
        // All shares are one owner's, so a share is a rao.
        [this.#key('alpha', hotkey, coldkey, netuid), amount],
        [this.#key('totalHotkeyShares', hotkey, netuid), amount],
        [this.#key('totalHotkeyAlpha', hotkey, netuid), amount],
        [this.#key('subnetAlphaOut', netuid), `0x${littleEndian(out + rao - before, 8)}`],
      ],
    )
  }

  /**
   * Gives the neuron a permit, or takes it, from the next block on; one block.
   * @throws FractalError `not_registered`
   */
  async setPermit(netuid: number, hotkey: string, permit: boolean): Promise<void> {
    const { uids, validatorPermit } = this.#api.query.subtensorModule!
    const uid = (await uids!(netuid, hotkey)) as unknown as { isNone: boolean; toString(): string }
    if (uid.isNone) {
      throw new FractalError('not_registered', `${hotkey} is not on subnet ${netuid}`)
    }
    this.#permits.set(validatorPermit!.key(netuid) as StorageHex, Number(String(uid)), permit)
    this.#chain.adjust = (state) => this.#permits.changes(state)
    await this.#chain.newBlock()
  }

  /** As many registrations as a test wants, at once. */
  #open(netuid: number): Call[] {
    const { adminUtils } = this.#api.tx
    return [
      adminUtils!.sudoSetNetworkRegistrationAllowed!(netuid, true),
      adminUtils!.sudoSetMaxRegistrationsPerBlock!(netuid, NO_LIMIT),
      // Three times as many are allowed, in 16 bits.
      adminUtils!.sudoSetTargetRegistrationsPerInterval!(netuid, Math.floor(NO_LIMIT / 3)),
    ].map((call) => this.#sudo.root(call))
  }

  #setters(netuid: number, { minStakeRao, ...params }: DevSubnetParams): Call[] {
    const { adminUtils } = this.#api.tx
    const calls = Object.entries(params).flatMap(([name, value]) =>
      value === undefined
        ? []
        : [adminUtils![SETTERS[name as keyof typeof SETTERS]]!(netuid, value)],
    )
    if (minStakeRao !== undefined) calls.push(adminUtils!.sudoSetWeightsMinStake!(minStakeRao))
    return calls.map((call) => this.#sudo.root(call))
  }

  #fund(address: string): Call {
    return this.#sudo.root(this.#api.tx.balances!.forceSetBalance!(address, FUNDS))
  }

  /** The number that the next subnet will get: the lowest that is free. */
  async #freeNetuid(): Promise<number> {
    const { networksAdded } = this.#api.query.subtensorModule!
    for (let netuid = 1; ; netuid++) {
      if (String(await networksAdded!(netuid)) === 'false') return netuid
    }
  }

  #key(entry: string, ...keys: unknown[]): StorageHex {
    return this.#api.query.subtensorModule![entry]!.key(...keys) as StorageHex
  }
}

function withColdkey(hotkey: string): Registration {
  return { hotkey, coldkey: accountOf(`coldkey of ${hotkey}`) }
}

/** An account that nobody has the key of: root acts for it. */
function accountOf(name: string): StorageHex {
  return blake2Hex(`0x${Buffer.from(name).toString('hex')}`)
}
