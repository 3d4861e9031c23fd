import fc from 'fast-check'
import type {
  AnswerRow,
  CheckRow,
  OfferRow,
  SettlementInput,
} from '../../../rules/settle/settlement.js'
import { TIERS } from '../../../rules/tiers.js'
import { interval, prover } from '../rows.js'

const reason = fc.constantFrom('late', 'no_answer', 'unreachable', 'opening_refused')
const verdict = fc.oneof(
  { weight: 12, arbitrary: fc.constant('pass' as const) },
  { weight: 1, arbitrary: fc.constantFrom('fail', 'unproven', 'abstained', 'cheat') },
)

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
        refusedStreak: fc.nat(2),
      }),
      { minLength: 1, maxLength: 10 },
    ),
    answers: fc.array(
      fc.record({
        who: fc.nat(),
        outcome: fc.constantFrom('success', 'success', 'success', 'failure', 'neutral', 'refused'),
        kind: fc.constantFrom('inference', 'inference', 'challenge'),
        reason,
        counted: fc.boolean(),
        apiKeyId: fc.constantFrom('a', 'b'),
        elapsedUs: fc.integer({ min: 1, max: 3_000_000 }),
        completedAtUs: fc.nat(5),
        checks: fc.uniqueArray(fc.tuple(fc.constantFrom('audit', 'spotcheck', 'answer'), verdict), {
          selector: ([kind]) => kind,
          maxLength: 2,
        }),
      }),
      { maxLength: 80 },
    ),
    challenges: fc.array(fc.record({ who: fc.nat(), verdict, reason }), { maxLength: 30 }),
    refused: fc.array(fc.nat(4), { minLength: 10, maxLength: 10 }),
  })
  .map(({ states, answers, challenges, refused }) => {
    const provers = states.map((state, i) =>
      prover(`p${i}`, { ...state, uid: i, coldkey: `c${i % 9}` }),
    )
    const of = (who: number) => {
      const { hotkey, registeredBlock } = provers[who % provers.length]!
      return { hotkey, registeredBlock }
    }
    const rows = answers.map(({ who, checks: _, ...row }, i): AnswerRow => {
      const counted = row.kind === 'challenge' || row.counted
      return { ...row, ...of(who), requestId: `r${i}`, work: 1_000_000, counted }
    })
    const checks: CheckRow[] = [
      ...answers.flatMap(({ who, checks: found }, i) =>
        found.map(
          ([kind, v]): CheckRow => ({
            ...of(who),
            requestId: `r${i}`,
            kind,
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
          verdict: c.verdict,
          reason: c.reason,
          rewardPpm: c.verdict === 'pass' ? 1_000_000 : null,
        }),
      ),
    ]
    const offers = provers.map(
      ({ hotkey, registeredBlock }, i): OfferRow => ({
        hotkey,
        registeredBlock,
        offered: 4,
        refused: refused[i]!,
      }),
    )
    return interval({ provers, answers: rows, checks, offers, certifiedUsPerWork: 1_000_000 })
  })
