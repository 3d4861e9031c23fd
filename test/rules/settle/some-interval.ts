import fc from 'fast-check'
import type {
  AnswerRow,
  CheckRow,
  SettlementInput,
  WideRequest,
  WindowRow,
} from '../../../rules/settle/settlement.js'
import { TIERS } from '../../../rules/tiers.js'
import { interval, prover, wideRequest } from '../rows.js'

const reason = fc.constantFrom('late', 'no_answer', 'unreachable', 'opening_refused')
const verdict = fc.oneof(
  { weight: 12, arbitrary: fc.constant('pass' as const) },
  { weight: 1, arbitrary: fc.constantFrom('fail', 'unproven', 'abstained', 'cheat') },
)
const outcome = fc.constantFrom('success', 'success', 'success', 'failure', 'neutral', 'refused')
const taken = fc.array(fc.constantFrom('t1', 't2', 't3', 't4'), { maxLength: 4 })
const gpus = fc.integer({ min: 1, max: 3 })

/** What a wide round finds in its slots. */
export const wideRequests: fc.Arbitrary<WideRequest[]> = fc.array(
  fc
    .record({
      ofRound: fc.boolean(),
      kind: fc.constantFrom('inference', 'challenge'),
      counted: fc.boolean(),
      outcome,
      gpus: fc.option(gpus),
      inFlight: fc.nat(6),
      taken,
      lost: fc.constantFrom(false, false, false, true),
    })
    .map((request) =>
      wideRequest(request.ofRound ? { ...request, kind: 'wide', counted: true } : request),
    ),
  { maxLength: 7 },
)

/** What earlier intervals showed. */
export const someWindow: fc.Arbitrary<Omit<WindowRow, 'hotkey' | 'registeredBlock'>> = fc
  .record({
    wideRounds: fc.nat(38),
    gpus,
    wideSlots: fc.nat(80),
    kept: fc.nat(80),
    offered: fc.nat(300),
    accepted: fc.nat(300),
  })
  .map(({ wideRounds, gpus: g, wideSlots, kept, offered, accepted }) => ({
    wideRounds,
    wideGpus: wideRounds * g,
    newestWideGpus: wideRounds === 0 ? null : g,
    wideSlots,
    wideKept: Math.min(kept, wideSlots),
    offered,
    accepted: Math.min(accepted, offered),
  }))

/** An interval of up to ten provers with rows of every kind. */
export const someInterval: fc.Arbitrary<SettlementInput> = fc
  .record({
    states: fc.array(
      fc.record({
        tier: fc.constantFrom(...TIERS),
        totalSuccesses: fc.nat(60),
        scorePpm: fc.nat(1_100_000),
        validationsSinceMove: fc.nat(5),
        fastReturn: fc.boolean(),
      }),
      { minLength: 1, maxLength: 10 },
    ),
    answers: fc.array(
      fc.record({
        who: fc.nat(),
        outcome,
        kind: fc.constantFrom('inference', 'inference', 'challenge', 'wide'),
        reason,
        counted: fc.boolean(),
        apiKeyId: fc.constantFrom('a', 'b'),
        completedAtUs: fc.nat(5),
        gpus: fc.option(gpus),
        inFlight: fc.nat(6),
        taken,
        checks: fc.uniqueArray(fc.tuple(fc.constantFrom('audit', 'spotcheck', 'answer'), verdict), {
          selector: ([kind]) => kind,
          maxLength: 2,
        }),
      }),
      { maxLength: 80 },
    ),
    challenges: fc.array(fc.record({ who: fc.nat(), verdict, reason }), { maxLength: 30 }),
    rounds: fc.array(fc.record({ who: fc.nat(), gpus, requests: wideRequests }), { maxLength: 12 }),
    windows: fc.array(fc.option(someWindow), { minLength: 10, maxLength: 10 }),
    certifiedUsPerWork: fc.option(fc.integer({ min: 1, max: 10_000_000_000 })),
  })
  .map(({ states, answers, challenges, rounds, windows, certifiedUsPerWork }) => {
    const provers = states.map((state, i) => prover(`p${i}`, { ...state, uid: i }))
    const of = (who: number) => {
      const { hotkey, registeredBlock } = provers[who % provers.length]!
      return { hotkey, registeredBlock }
    }
    const countedOf = (row: { kind: AnswerRow['kind']; counted: boolean }) =>
      row.kind !== 'inference' || row.counted
    const rows = answers.map(
      ({ who, checks: _, ...row }, i): AnswerRow => ({
        ...row,
        ...of(who),
        requestId: `r${i}`,
        counted: countedOf(row),
        // An opening is a check's to refuse: no request fails of it.
        reason: row.reason === 'opening_refused' ? 'late' : row.reason,
      }),
    )
    const checks: CheckRow[] = [
      ...answers.flatMap(({ who, checks: found, ...row }, i) =>
        found.map(
          ([kind, v]): CheckRow => ({
            ...of(who),
            requestId: `r${i}`,
            kind,
            requestKind: row.kind,
            counted: countedOf(row),
            verdict: v,
            reason: v === 'pass' ? 'hash_equal' : 'late',
            rewardPpm: v === 'pass' ? 990_000 : null,
          }),
        ),
      ),
      ...challenges.map(
        (c, i): CheckRow => ({
          ...of(c.who),
          requestId: `c${i}`,
          kind: 'challenge',
          requestKind: 'challenge',
          counted: true,
          verdict: c.verdict,
          reason: c.reason,
          rewardPpm: c.verdict === 'pass' ? 1_000_000 : null,
        }),
      ),
    ]
    return interval({
      provers,
      answers: rows,
      checks,
      wideRounds: rounds.map(({ who, ...round }, i) => ({ ...of(who), n: 1, round: i, ...round })),
      window: provers.flatMap((state, i) => {
        const window = windows[i] ?? null
        return window === null ? [] : [{ ...of(state.uid), ...window }]
      }),
      certifiedUsPerWork,
    })
  })
