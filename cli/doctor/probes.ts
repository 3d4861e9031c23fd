import { setTimeout as sleep } from 'node:timers/promises'
import { isGrpcServiceError } from '@temporalio/client'
import { FractalError, messageOf } from '../../base/errors.js'
import { createLog } from '../../base/log.js'
import { databaseAddress } from '../../base/options/database-address.js'
import type {
  CHAIN_OPTIONS,
  DATABASE_OPTIONS,
  TEMPORAL_OPTIONS,
} from '../../base/options/groups.js'
import type { Options } from '../../base/options/options.js'
import { connectChain } from '../../chain/connect.js'
import { keepsStateOf, stateBlocksNeeded } from '../../chain/kept-states.js'
import { openDatabase } from '../../ledger/database.js'
import { PRODUCTION_PROFILE } from '../../rules/profile.js'
import { temporalAddress } from '../../temporal/address.js'
import { openTemporalClient } from '../../temporal/client.js'
import { unreachableHint } from '../../temporal/unreachable-hint.js'

/** What a probe found, or why it found nothing. */
export type Outcome<T> =
  | { readonly ok: T }
  | { readonly failed: string; readonly hint: string | null }

const DEADLINE_MS = 30_000
const SILENT = createLog('doctor', 'silent')
/** Of gRPC. */
const NOT_FOUND = 5

/** @throws any error that is not a FractalError: that is a bug, not a finding about a machine */
export async function outcomeOf<T>(ask: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: await ask() }
  } catch (error) {
    if (!(error instanceof FractalError)) throw error
    return { failed: error.message, hint: error.hint ?? null }
  }
}

export interface ChainFacts {
  readonly head: number
  /** The hotkey's place on the subnet; null when it has none, or there is no hotkey to look for. */
  readonly neuron: {
    readonly uid: number
    /** Or needs none: the subnet's owner's. */
    readonly isPermitted: boolean
    /** The same of the stake that weights need. */
    readonly isStaked: boolean
  } | null
  /** Whether the endpoint has the states that a verifier may need, and of how many blocks ago those are. */
  readonly keepsStates: boolean
  readonly statesBack: number
}

/** Asks the chain for the subnet, and for the hotkey's place on it. */
export function probeChain(
  options: Options<(typeof CHAIN_OPTIONS)[number]>,
  hotkey: string | null,
): Promise<Outcome<ChainFacts>> {
  return inTime('the chain', async () => {
    const chain = await connectChain({
      network: options['subtensor.network'],
      endpoint: options['subtensor.chain_endpoint'],
      log: SILENT,
    })
    try {
      const { neurons, block } = await chain.metagraph(options.netuid)
      const neuron = neurons.find((each) => each.hotkey === hotkey)
      const { ownerHotkey, minStakeRao } = await chain.subnetParams(options.netuid)
      const statesBack = stateBlocksNeeded(PRODUCTION_PROFILE.intervalBlocks)
      return {
        head: block.number,
        keepsStates: await keepsStateOf(chain, options.netuid, statesBack),
        statesBack,
        neuron:
          neuron === undefined
            ? null
            : {
                uid: neuron.uid,
                isPermitted: neuron.validatorPermit || ownerHotkey === hotkey,
                isStaked: neuron.stakeRao >= minStakeRao || ownerHotkey === hotkey,
              },
      }
    } finally {
      await chain.close()
    }
  })
}

/** The version of PostgreSQL. */
export function probeDatabase(
  options: Options<(typeof DATABASE_OPTIONS)[number]>,
): Promise<Outcome<string>> {
  return inTime('PostgreSQL', async () => {
    const address = databaseAddress(options)
    const db = openDatabase({ ...address, applicationName: 'fractal-doctor', max: 1, log: SILENT })
    try {
      const [row] = await db.query<{ serverVersion: string }>('SHOW server_version')
      return row!.serverVersion
    } finally {
      await db.close()
    }
  })
}

/** The namespace that was found. */
export function probeTemporal(
  options: Options<(typeof TEMPORAL_OPTIONS)[number]>,
): Promise<Outcome<string>> {
  return inTime('Temporal', async () => {
    const address = options['temporal.address']
    const namespace = options['temporal.namespace']
    const client = openTemporalClient(temporalAddress(options))
    try {
      await client.withDeadline(Date.now() + DEADLINE_MS / 3, () =>
        client.workflowService.describeNamespace({ namespace }),
      )
      return namespace
    } catch (cause) {
      if (isGrpcServiceError(cause) && cause.code === NOT_FOUND) {
        const hint = `Create it (temporal operator namespace create -n ${namespace}), or give another as --temporal.namespace.`
        const message = `Temporal at ${address} has no namespace ${namespace}`
        throw new FractalError('temporal_unreachable', message, { hint, cause })
      }
      // grpc-js ends some of its messages with a note that is empty.
      const said = messageOf(cause).replace(/ Resolution note: $/, '')
      const hint = unreachableHint(said, options['temporal.tls'])
      throw new FractalError('temporal_unreachable', `no Temporal at ${address}: ${said}`, {
        hint,
        cause,
      })
    } finally {
      await client.connection.close()
    }
  })
}

/** Every adapter has deadlines of its own; this one is for what they forgot. */
function inTime<T>(what: string, ask: () => Promise<T>): Promise<Outcome<T>> {
  const over = new AbortController()
  const late = sleep(DEADLINE_MS, undefined, { signal: over.signal }).then(() => {
    throw new FractalError('timeout', `${what} did not answer within ${DEADLINE_MS / 1000} s`)
  })
  // Aborted when the answer came first.
  late.catch(() => undefined)
  return outcomeOf(() => Promise.race([ask(), late])).finally(() => over.abort())
}
