import { ONE_PPM } from '../../rules/constants.js'
import type { MechanismProfile } from '../../rules/profile.js'
import { FIRST_ATTEMPT } from '../../rules/routing/video-run.js'
import type { ProvenCapacity } from '../../rules/settle/settlement.js'
import type { Tier } from '../../rules/tiers.js'
import type { Behaviour } from './behaviour.js'
import { HONEST_BEHAVIOUR } from './behaviours.js'
import { EventQueue } from './event-queue.js'
import { sharesOf } from './interval-book.js'
import { mean, sum } from './mean.js'
import { type Owner, type Population, populate } from './population.js'
import { SeededRandom } from './random.js'
import { Verifier } from './verifier.js'
import { API_KEYS, BLOCK_MS, UNCOMMON_SHARE, UNCOUNTED_SHARE, VIDEO_MS } from './world.js'

export interface SimulationSetup {
  readonly provers: number
  readonly intervals: number
  /** Users' requests, as a share of what all GPUs could serve. */
  readonly load: number
  readonly verifiers: number
  /** GPUs of each verifier. */
  readonly verifierGpus: number
  readonly seed: number
  readonly behaviours: readonly Behaviour[]
  readonly profile: MechanismProfile
}

/** What became of one owner. */
export interface OwnerResult {
  readonly behaviour: string
  /** Weight for each GPU, as a share of a plainly honest GPU's: of each verifier's vectors of all intervals, the mean. */
  readonly weightPerGpu: number
  /** Of its first hotkey at the first verifier, after each interval. */
  readonly tiers: readonly Tier[]
  /** For each hotkey that gave false answers: intervals from the first until it was caught; null: it never was. */
  readonly caughtAfter: readonly (number | null)[]
  /** Users' requests. */
  readonly served: number
  /** At the end, at the first verifier, of its hotkeys the mean. */
  readonly wideShare: number
  readonly offerShare: number
}

export interface SimulationResult {
  readonly load: number
  readonly verifiers: number
  readonly seed: number
  readonly owners: readonly OwnerResult[]
  /** Provers that were found cheating and never gave a false answer. */
  readonly wronglyAccused: readonly string[]
  /** Weight of the quarter of honest provers that were sent fewest users, of that of the quarter that was sent most. */
  readonly leastOfMost: number
  /** The same for each verifier: of the users that it sent, and of its weights. */
  readonly leastOfMostByVerifier: readonly number[]
  readonly checksJudged: number
  readonly users: number
  readonly failedUsers: number
}

interface Run {
  readonly population: Population
  readonly verifiers: readonly Verifier[]
  /** By verifier and uid: shares of the vectors, added up. */
  readonly shares: readonly number[][]
  readonly tiers: Tier[][]
  /** By uid, of the newest settlement of the first verifier. */
  readonly newest: ProvenCapacity[]
  readonly caughtN: Map<number, number>
  readonly wronglyAccused: Set<string>
  checksJudged: number
  users: number
}

/** Runs so many intervals. The same setup gives the same result. */
export function simulate(setup: SimulationSetup): SimulationResult {
  const random = new SeededRandom(setup.seed)
  const events = new EventQueue()
  const population = populate(setup.provers, setup.behaviours, random)
  const { provers } = population
  let requests = 0
  const newRequestId = () =>
    `00000000-0000-4000-8000-${(requests++).toString(16).padStart(12, '0')}`
  const verifiers = Array.from(
    { length: setup.verifiers },
    (_, index) =>
      new Verifier({
        index,
        provers,
        profile: setup.profile,
        gpus: setup.verifierGpus,
        events,
        random,
        newRequestId,
      }),
  )
  const run: Run = {
    population,
    verifiers,
    shares: verifiers.map(() => provers.map(() => 0)),
    tiers: provers.map(() => []),
    newest: [],
    caughtN: new Map(),
    wronglyAccused: new Set(),
    checksJudged: 0,
    users: 0,
  }
  const meanMs = VIDEO_MS / (setup.load * population.gpus)
  const arrive = () => {
    run.users += 1
    verifiers[random.below(verifiers.length)]!.take({
      cameMs: events.nowMs,
      counted: random.next() >= UNCOUNTED_SHARE,
      isUncommon: random.next() < UNCOMMON_SHARE,
      apiKeyId: `key${random.below(API_KEYS)}`,
      run: FIRST_ATTEMPT,
      attempts: [],
    })
    events.at(events.nowMs + random.exponential(meanMs), arrive)
  }
  events.at(random.exponential(meanMs), arrive)
  const intervalMs = setup.profile.intervalBlocks * BLOCK_MS
  for (let n = 1; n <= setup.intervals; n += 1) {
    for (const verifier of verifiers) verifier.open(n)
    events.runUntil(n * intervalMs)
    verifiers.forEach((verifier, v) => {
      settle(run, verifier, v, n)
    })
  }
  return resultOf(setup, run)
}

function settle(run: Run, verifier: Verifier, v: number, n: number): void {
  const { settlement, weights } = verifier.settle(n)
  for (const [uid, share] of sharesOf(weights)) run.shares[v]![uid]! += share
  for (const prover of settlement.provers) {
    const { uid, hotkey, cheats, checksJudged, tierAfter } = prover
    run.checksJudged += checksJudged
    if (v === 0) {
      run.tiers[uid]!.push(tierAfter)
      run.newest[uid] = prover
    }
    if (cheats === 0) continue
    if (run.population.provers[uid]!.firstCheatN === null) run.wronglyAccused.add(hotkey)
    else if (!run.caughtN.has(uid)) run.caughtN.set(uid, n)
  }
}

function resultOf(setup: SimulationSetup, run: Run): SimulationResult {
  const { owners } = run.population
  const weightOf = ({ behaviour, provers }: Owner): number =>
    mean(run.shares.map((shares) => sum(provers.map(({ uid }) => shares[uid]!)))) / behaviour.gpus
  const honest = owners.filter(({ behaviour }) => behaviour === HONEST_BEHAVIOUR)
  const honestWeight = mean(honest.map(weightOf))
  return {
    load: setup.load,
    verifiers: setup.verifiers,
    seed: setup.seed,
    owners: owners.map((owner) => ({
      behaviour: owner.behaviour.name,
      weightPerGpu: weightOf(owner) / honestWeight,
      tiers: run.tiers[owner.provers[0]!.uid]!,
      caughtAfter: owner.provers.flatMap(({ uid, firstCheatN }) => {
        if (firstCheatN === null) return []
        const n = run.caughtN.get(uid)
        return [n === undefined ? null : n - firstCheatN + 1]
      }),
      served: sum(
        owner.provers.map(({ uid }) => sum(run.verifiers.map((each) => each.served[uid]!))),
      ),
      wideShare: mean(owner.provers.map(({ uid }) => run.newest[uid]!.wideSharePpm)) / ONE_PPM,
      offerShare: mean(owner.provers.map(({ uid }) => run.newest[uid]!.offerSharePpm)) / ONE_PPM,
    })),
    wronglyAccused: [...run.wronglyAccused],
    leastOfMost: leastOfMost(
      honest,
      (uid) => sum(run.verifiers.map(({ served }) => served[uid]!)),
      (uid) => sum(run.shares.map((shares) => shares[uid]!)),
    ),
    leastOfMostByVerifier: run.verifiers.map(({ served }, v) =>
      leastOfMost(
        honest,
        (uid) => served[uid]!,
        (uid) => run.shares[v]![uid]!,
      ),
    ),
    checksJudged: run.checksJudged,
    users: run.users,
    failedUsers: sum(run.verifiers.map(({ failedUsers }) => failedUsers)),
  }
}

/** Weight of the quarter of some owners that was served least, of that of the quarter that was served most. */
function leastOfMost(
  owners: readonly Owner[],
  servedOf: (uid: number) => number,
  weightOf: (uid: number) => number,
): number {
  const uids = owners
    .map(({ provers }) => provers[0]!.uid)
    .sort((a, b) => servedOf(a) - servedOf(b) || a - b)
  const quarter = Math.max(1, Math.floor(uids.length / 4))
  return mean(uids.slice(0, quarter).map(weightOf)) / mean(uids.slice(-quarter).map(weightOf))
}
