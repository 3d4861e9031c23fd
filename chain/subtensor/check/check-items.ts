import type { ApiPromise } from '@polkadot/api'
import type { WeightsStep } from '../../chain.js'
import { signedExtensionNames } from '../signed-extensions.js'
import type { StateAt } from '../storage.js'
import { callsNotHere, findMethod } from '../weights/weights-call.js'
import type { Finding } from './finding.js'

const STEPS: Readonly<Record<WeightsStep, string>> = {
  set: 'plain weights',
  commit: 'commit to weights',
  reveal: 'reveal weights',
  timelock: 'timelocked weights',
}
/** Of SubtensorModule, by the API's names. */
const NEEDED = [
  ...['networksAdded', 'subnetworkN', 'keys', 'owner', 'axons', 'validatorPermit', 'lastUpdate'],
  ...['blockAtRegistration', 'totalHotkeyAlpha', 'parentKeys', 'childKeys', 'taoWeight', 'weights'],
  ...['tempo', 'weightsSetRateLimit', 'weightsVersionKey', 'minAllowedWeights', 'maxWeightsLimit'],
  ...['commitRevealWeightsEnabled', 'revealPeriodEpochs', 'weightCommits', 'immunityPeriod'],
  ...['maxAllowedUids', 'servingRateLimit', 'blocksSinceLastStep'],
]
/** Read if a runtime has them; older or newer ones have others, or none. */
const OPTIONAL = [
  ...['stakeThreshold', 'weightsMinStake', 'subnetOwnerHotkey', 'mechanismCountCurrent'],
  ...['timelockedWeightCommits', 'commitRevealWeightsVersion'],
  ...['subnetEpochIndex', 'lastEpochBlock', 'pendingEpochAt'],
]

/** Calls, storage and signed extensions of a runtime, as far as the adapter uses them. */
export function checkItems(state: StateAt, api: ApiPromise, mechanism: number): Finding[] {
  return [
    ...calls(state, mechanism),
    ...NEEDED.map((item) => storage(state, item, 'missing')),
    ...OPTIONAL.map((item) => storage(state, item, '-')),
    ...signedExtensionNames(api).map(
      ({ name, isKnown }): Finding => ({
        is: isKnown ? 'ok' : 'missing',
        what: `extension ${name}${isKnown ? '' : ': it requires bytes that this version does not know'}`,
      }),
    ),
  ]
}

function calls(state: StateAt, mechanism: number): Finding[] {
  const argumentsOf = (call: string) => state.argumentsOf(call)
  const used = Object.entries(STEPS).map(([step, name]): Finding => {
    const { found, changed } = findMethod(step as WeightsStep, argumentsOf, mechanism)
    if (found !== null) return { is: 'ok', what: `call ${name}: ${found.call}(${found.args})` }
    const why = changed.length === 0 ? 'none' : `with other arguments: ${changed}`
    return { is: step === 'set' ? 'missing' : '-', what: `call ${name}: ${why}` }
  })
  const others = callsNotHere(argumentsOf).map(
    ([call, purpose]): Finding => ({
      is: '-',
      what: `call ${call}: ${purpose}, which are not used`,
    }),
  )
  return [...used, ...others]
}

function storage(state: StateAt, item: string, otherwise: 'missing' | '-'): Finding {
  const keys = state.keysOf(item)
  if (keys === null) return { is: otherwise, what: `storage ${item}: none` }
  return { is: 'ok', what: `storage ${item}: ${keys} key${keys === 1 ? '' : 's'}` }
}
