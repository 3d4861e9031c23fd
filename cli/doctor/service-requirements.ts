import type { ChainFacts, Outcome } from './probes.js'
import { failed, type Requirement } from './requirement.js'
import type { DoctorRole, RoleFacts } from './role-facts.js'

export function walletRequirements({ wallet: { hotkey, coldkey } }: RoleFacts): Requirement[] {
  const base = { name: 'hotkey', needed: 'can be read' }
  const secret: Requirement = {
    name: 'coldkey',
    state: 'ok',
    found: coldkey.secret === 'absent' ? 'not on this machine' : 'its secret is on this machine',
    needed: 'elsewhere',
    todo: coldkey.secret === 'absent' ? null : 'Keep it on another machine: nothing here needs it.',
  }
  if (hotkey.problem !== null) {
    const { message, hint } = hotkey.problem
    return [failed(base, { failed: message, hint: hint ?? null }), secret]
  }
  return [{ ...base, state: 'ok', found: hotkey.address ?? '-', todo: hotkey.fix }, secret]
}

export function chainRequirements(role: DoctorRole, facts: RoleFacts): Requirement[] {
  const { chain, netuid, network } = facts
  const base = { name: `chain (${network})`, needed: 'answers' }
  const place = { name: 'registration', needed: `on subnet ${netuid}` }
  if ('failed' in chain) {
    return [failed(base, chain), { ...place, state: 'unknown', found: 'no answer', todo: null }]
  }
  const answers: Requirement = { ...base, state: 'ok', found: `block ${chain.ok.head}`, todo: null }
  const { neuron } = chain.ok
  if (neuron === null) {
    const todo = `Register the hotkey: btcli subnets register --netuid ${netuid}.`
    return [answers, { ...place, state: 'missing', found: 'not registered', todo }]
  }
  const places: Requirement[] = [
    answers,
    { ...place, state: 'ok', found: `uid ${neuron.uid}`, todo: null },
  ]
  if (role !== 'prover') places.push(permit(neuron))
  if (role === 'verifier') places.push(stake(neuron), statesKept(chain.ok))
  return places
}

function permit({ isPermitted }: NonNullable<ChainFacts['neuron']>): Requirement {
  return {
    name: 'permit',
    state: isPermitted ? 'ok' : 'missing',
    found: isPermitted ? 'yes' : 'none',
    needed: 'a validator permit, or to be the subnet’s owner',
    todo: isPermitted
      ? null
      : 'Add stake to the hotkey; permits are granted at the end of an epoch.',
  }
}

function stake({ isStaked }: NonNullable<ChainFacts['neuron']>): Requirement {
  return {
    name: 'stake',
    state: isStaked ? 'ok' : 'missing',
    found: isStaked ? 'enough' : 'too little',
    needed: 'as much as weights need, or to be the subnet’s owner',
    todo: isStaked ? null : 'Add stake to the hotkey.',
  }
}

/** An interval can be begun until its middle, by the state of its first block. */
function statesKept({ keepsStates, statesBack }: ChainFacts): Requirement {
  return {
    name: 'chain states',
    state: keepsStates ? 'ok' : 'missing',
    found: keepsStates ? 'kept' : 'discarded sooner',
    needed: `of ${statesBack} blocks ago`,
    todo: keepsStates
      ? null
      : 'Give --subtensor.chain_endpoint a node that keeps more states, or an archive node.',
  }
}

export function storeRequirements({ database, temporal }: RoleFacts): Requirement[] {
  return [
    store('PostgreSQL', database, (version) => version),
    store('Temporal', temporal, (namespace) => `namespace ${namespace}`),
  ]
}

function store(
  name: string,
  outcome: Outcome<string> | null,
  say: (found: string) => string,
): Requirement {
  const base = { name, needed: 'answers' }
  if (outcome === null) return { ...base, state: 'unknown', found: 'not asked', todo: null }
  if ('failed' in outcome) return failed(base, outcome)
  return { ...base, state: 'ok', found: say(outcome.ok), todo: null }
}
