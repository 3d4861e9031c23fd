import type { DrawSource } from '../../formats/draws.js'
import { answerCheck } from '../../rules/judge/own-failure.js'
import { planInterval } from '../../rules/plan/plan.js'
import type { PlannedRound } from '../../rules/plan/plan-types.js'
import { roomOf } from '../../rules/plan/room.js'
import { drawSample, type SampleCandidate } from '../../rules/plan/sample.js'
import { leftOut } from '../../rules/plan/sample-pool.js'
import type { MechanismProfile } from '../../rules/profile.js'
import { excludedProvers } from '../../rules/routing/excluded-provers.js'
import { type AttemptEnd, afterAttempt } from '../../rules/routing/video-run.js'
import type { AnswerRow } from '../../rules/settle/settlement.js'
import type { Reason } from '../../rules/verdicts.js'
import type { EventQueue } from './event-queue.js'
import { IntervalBook, REGISTERED_BLOCK, type SettledInterval } from './interval-book.js'
import { classCheck, type Ending, fullCheck, spotCheck } from './judging.js'
import type { Accepted, Prover, Reply } from './prover.js'
import type { SeededRandom } from './random.js'
import { RoutingView } from './routing-view.js'
import type { OpenWideRound, SentRequest, UserRequest } from './sent-request.js'
import { BLOCK_MS, DEADLINE_MS, MODEL, NETWORK_MS, UNCOMMON_SHARE, VIDEO_MS } from './world.js'

/** Users wait so long, as long as the gateway tries. */
const PATIENCE_MS = 120_000
/** A friend looks so often whether its requests still fill a prover. */
const SHIELD_MS = 1_000

export interface VerifierSetup {
  readonly index: number
  readonly provers: readonly Prover[]
  readonly profile: MechanismProfile
  /** Its own. */
  readonly gpus: number
  readonly events: EventQueue
  readonly random: SeededRandom
  readonly newRequestId: () => string
}

/** One verifier's view: whom it asks and when, what it sees, what it settles; all decided by rules/. */
export class Verifier {
  /** Users whose request nobody could take. */
  failedUsers = 0
  /** Users' requests delivered, by uid. */
  readonly served: number[]
  readonly #book: IntervalBook
  readonly #routes: RoutingView
  readonly #byHotkey: ReadonlyMap<string, Prover>
  readonly #inFlight: SentRequest[][]
  readonly #waiting: UserRequest[] = []
  readonly #lastFullCheck = new Map<string, SampleCandidate['lastFullCheck']>()
  #wakesMs = Number.POSITIVE_INFINITY
  #n = 0

  constructor(private readonly setup: VerifierSetup) {
    const { provers, profile, gpus, random } = setup
    const hotkeys = provers.map(({ hotkey }) => hotkey)
    this.#byHotkey = new Map(provers.map((prover) => [prover.hotkey, prover]))
    const slots = provers.reduce((sum, { behaviour }) => sum + 4 * behaviour.declares, 0)
    this.served = provers.map(() => 0)
    this.#inFlight = provers.map(() => [])
    this.#book = new IntervalBook(hotkeys, profile, gpus, slots)
    this.#routes = new RoutingView(
      provers.map(({ hotkey, behaviour }) => ({ hotkey, declares: behaviour.declares })),
      random,
    )
    for (const prover of provers) if (prover.behaviour.isShielded) this.#keepBusy(prover)
  }

  open(n: number): void {
    const { random, profile, gpus, events } = this.setup
    this.#n = n
    const source = { secret: random.bytes32(), blockHash: random.bytes32() }
    this.#book.open(source)
    const { rounds } = planInterval(
      {
        profile,
        n,
        firstBlock: 0,
        length: profile.intervalBlocks,
        budget: { usPerVideo: VIDEO_MS * 1000, gpus, blockMs: BLOCK_MS },
        model: MODEL,
        recentRequests: [],
        prompts: [],
        reusablePrompts: [],
      },
      source,
    )
    for (const round of rounds) {
      events.at(events.nowMs + round.momentMs, () => {
        if (round.kind === 'wide') this.#askWide(n, round.round)
        else this.#askSample(n, round, source)
      })
    }
  }

  settle(n: number): SettledInterval {
    const settled = this.#book.settle(n)
    for (const hotkey of settled.audited) this.#lastFullCheck.set(hotkey, { n, momentMs: 0 })
    for (const { hotkey, tierAfter, capacityPpm } of settled.settlement.provers) {
      this.#routes.settled(hotkey, {
        tier: tierAfter,
        provenPpm: capacityPpm,
        passedSinceCheat: settled.passedSinceCheat.get(hotkey) ?? null,
      })
    }
    return settled
  }

  /** A user's request, new. */
  take(user: UserRequest): void {
    if (this.#waiting.length > 0) this.#waiting.push(user)
    else if (!this.#attempt(user)) this.#waiting.push(user)
  }

  /** @returns false when it has to wait for a prover */
  #attempt(user: UserRequest): boolean {
    const { events } = this.setup
    this.#routes.advance(events.nowMs, this.#n)
    const route = this.#routes.pick(excludedProvers(user.attempts))
    if (route.hotkey === null) {
      const { freeInMs } = route
      const end = { kind: 'no_prover', ...(freeInMs === null ? {} : { freeInMs }) } as const
      const step = afterAttempt(user.run, end)
      if (step.do === 'wait') {
        user.run = step.run
        this.#wakeIn(step.ms)
        return false
      }
      this.failedUsers += 1
      return true
    }
    this.#send(this.#byHotkey.get(route.hotkey)!, 'inference', user)
    return true
  }

  #wakeIn(ms: number): void {
    const { events } = this.setup
    const at = events.nowMs + ms
    if (at >= this.#wakesMs) return
    this.#wakesMs = at
    events.at(at, () => {
      if (this.#wakesMs !== at) return
      this.#wakesMs = Number.POSITIVE_INFINITY
      this.#serveWaiting()
    })
  }

  #serveWaiting(): void {
    const { nowMs } = this.setup.events
    while (this.#waiting.length > 0) {
      const user = this.#waiting[0]!
      if (nowMs - user.cameMs > PATIENCE_MS) this.failedUsers += 1
      else if (!this.#attempt(user)) return
      this.#waiting.shift()
    }
  }

  #askSample(n: number, { round }: PlannedRound, source: DrawSource): void {
    const { provers, profile, events } = this.setup
    const rooms = provers.map((prover) => ({ hotkey: prover.hotkey, room: this.#roomAt(prover) }))
    this.#routes.advance(events.nowMs, this.#n)
    const out = new Set(leftOut(rooms, this.#routes.among()))
    const candidates = provers
      .filter(({ hotkey }) => !out.has(hotkey))
      .map(({ hotkey, uid }) => ({
        hotkey,
        uid,
        registeredBlock: REGISTERED_BLOCK,
        lastFullCheck: this.#lastFullCheck.get(hotkey) ?? null,
      }))
    const sample = drawSample(source, `challenge/${round}`, candidates, profile.sampleSize)
    for (const { hotkey, uid } of sample) {
      this.#lastFullCheck.set(hotkey, { n, momentMs: events.nowMs })
      this.#send(provers[uid]!, 'challenge', null)
    }
  }

  #roomAt({ uid, behaviour }: Prover): number {
    return roomOf({ gpus: behaviour.declares, inFlight: this.#inFlight[uid]!.length })
  }

  #askWide(n: number, round: number): void {
    const { provers } = this.setup
    const found = provers.map((prover) => {
      const open: OpenWideRound = {
        found: {
          n,
          round,
          hotkey: prover.hotkey,
          registeredBlock: REGISTERED_BLOCK,
          gpus: prover.behaviour.declares,
        },
        requests: [],
        left: 0,
      }
      for (const request of this.#inFlight[prover.uid]!) {
        request.rounds.push({ round: open, ofRound: false })
        open.left += 1
      }
      const room = this.#roomAt(prover)
      open.left += room
      return { prover, open, room }
    })
    for (const { prover, open, room } of found) {
      if (open.left === 0) this.#closeRound(open)
      for (let i = 0; i < room; i += 1) this.#send(prover, 'wide', null, open)
    }
  }

  #closeRound({ found, requests }: OpenWideRound): void {
    this.#book.addWideRound({ ...found, requests })
  }

  /** A friend's requests don't count, cost no work, and come whenever there is room. */
  #keepBusy(prover: Prover): void {
    const { events } = this.setup
    events.at(events.nowMs + SHIELD_MS, () => {
      for (let room = this.#roomAt(prover); room > 0; room -= 1)
        this.#send(prover, 'inference', null)
      this.#keepBusy(prover)
    })
  }

  #send(
    prover: Prover,
    kind: AnswerRow['kind'],
    user: UserRequest | null,
    wide: OpenWideRound | null = null,
  ): void {
    const { events, random, newRequestId, index } = this.setup
    const { nowMs } = events
    const inFlight = this.#inFlight[prover.uid]!
    const isFriends = kind === 'inference' && user === null
    const counted = kind === 'inference' ? (user?.counted ?? false) : true
    const request: SentRequest = {
      requestId: newRequestId(),
      kind,
      hotkey: prover.hotkey,
      counted,
      n: this.#n,
      uid: prover.uid,
      sentMs: nowMs,
      gpus: prover.behaviour.declares,
      inFlight: inFlight.length,
      user,
      rounds: wide === null ? [] : [{ round: wide, ofRound: true }],
      outcome: null,
    }
    inFlight.push(request)
    this.#routes.advance(nowMs, this.#n)
    this.#routes.sent(request)
    const reply = prover.offer(
      {
        nowMs,
        n: this.#n,
        verifier: index,
        isWide: kind === 'wide',
        counted,
        isUncommon: user?.isUncommon ?? random.next() < UNCOMMON_SHARE,
        isFriends,
      },
      request.requestId,
    )
    this.#expect(prover, request, reply)
  }

  #expect(prover: Prover, request: SentRequest, reply: Reply): void {
    const { events, random } = this.setup
    const network = random.between(NETWORK_MS.least, NETWORK_MS.most)
    const dueMs = request.sentMs + DEADLINE_MS
    if (reply.kind !== 'accepted') {
      events.at(request.sentMs + network, () =>
        reply.kind === 'refused'
          ? this.#ended(request, 'refused', 'refused', reply.taken)
          : this.#ended(request, 'failure', 'unreachable', null),
      )
    } else if (reply.endMs + network > dueMs) {
      const reason = reply.endMs === Number.POSITIVE_INFINITY ? 'no_answer' : 'late'
      events.at(dueMs, () => this.#ended(request, 'failure', reason, null))
    } else {
      events.at(reply.endMs + network, () => this.#answered(prover, request, reply))
    }
  }

  #answered(prover: Prover, request: SentRequest, { failure, broken }: Accepted): void {
    if (failure !== null) {
      this.#ended(request, 'failure', failure, null)
      return
    }
    const { kind, requestId, uid } = request
    if (kind === 'challenge') this.#checkChallenge(prover, request, { broken })
    else {
      const { refusesOpenings: refused, ownClass } = prover.behaviour
      const unjudged = classCheck(ownClass)
      const step = unjudged === null ? this.#book.drawSpotCheck(requestId) : null
      if (unjudged !== null) this.#book.addCheck(request, 'spotcheck', unjudged)
      if (step !== null) {
        const judgement = spotCheck(broken, { step, steps: MODEL.steps, refused })
        this.#book.addCheck(request, 'spotcheck', judgement)
        prover.openedIn = this.#n
      }
      if (kind === 'inference' && request.counted) {
        const openingRefused = refused && step !== null
        this.#book.addAuditable({ request, broken, openingRefused, ownClass })
      }
      if (request.user !== null) this.served[uid]! += 1
    }
    this.#ended(request, 'success', 'served', null)
  }

  #checkChallenge({ hotkey, behaviour }: Prover, request: SentRequest, ending: Ending): void {
    const prover = { tier: this.#book.tierOf(hotkey), ownClass: behaviour.ownClass }
    this.#book.addCheck(request, 'challenge', fullCheck('challenge', ending, prover))
  }

  #ended(
    request: SentRequest,
    outcome: 'success' | 'failure' | 'refused',
    reason: Reason,
    taken: readonly string[] | null,
  ): void {
    const { nowMs } = this.setup.events
    const { kind, hotkey, uid, user } = request
    request.outcome = outcome
    this.#inFlight[uid] = this.#inFlight[uid]!.filter((other) => other !== request)
    this.#routes.advance(nowMs, this.#n)
    this.#routes.ended(request, nowMs)
    this.#book.addAnswer(request, outcome, { reason, nowMs, taken })
    if (outcome === 'failure' && kind === 'challenge') {
      this.#checkChallenge(this.#byHotkey.get(hotkey)!, request, { failure: reason })
    }
    const failed = kind === 'inference' ? answerCheck({ outcome, reason }) : null
    if (failed !== null) this.#book.addCheck(request, 'answer', failed)
    this.#fillSlots(request, taken)
    if (user !== null && outcome !== 'success') this.#tryAgain(user, hotkey, outcome, reason)
  }

  #fillSlots(request: SentRequest, taken: readonly string[] | null): void {
    const { requestId, kind, counted, gpus, inFlight } = request
    const outcome = request.outcome!
    for (const { round, ofRound } of request.rounds) {
      const facts = { requestId, kind, counted, gpus, inFlight, taken, outcome }
      round.requests.push({ ...facts, ofRound, lost: false })
      round.left -= 1
      if (round.left === 0) this.#closeRound(round)
    }
  }

  #tryAgain(
    user: UserRequest,
    hotkey: string,
    outcome: 'failure' | 'refused',
    reason: Reason,
  ): void {
    const { events } = this.setup
    user.attempts.push({ hotkey, outcome, reason })
    const end: AttemptEnd =
      outcome === 'refused' ? { kind: 'refused' } : { kind: 'failed_over', reason }
    const step = afterAttempt(user.run, end)
    switch (step.do) {
      case 'attempt':
        user.run = step.run
        this.take(user)
        return
      case 'wait':
        user.run = step.run
        events.at(events.nowMs + step.ms, () => this.take(user))
        return
      case 'fail':
        this.failedUsers += 1
        return
      case 'finish':
      case 'end':
    }
  }
}
