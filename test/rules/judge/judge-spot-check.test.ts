import assert from 'node:assert/strict'
import {
  judgeSpotCheck,
  needsSpotConfirmation,
  type SpotCheckInput,
} from '../../../rules/judge/judge-spot-check.js'

type Facts = NonNullable<SpotCheckInput['facts']>
type Changes = { [Part in keyof Facts]?: Partial<Facts[Part]> }

const facts: Facts = {
  claimed: {
    traceRoot: 'root',
    framesSha256: 'frames',
    initial: 'd0',
    before: 'd4',
    after: 'd5',
    final: 'd25',
    frame: 'f3',
  },
  opened: { before: 'd4', after: 'd5', final: 'd25', finite: true },
  recomputed: { initial: 'd0', after: 'd5', frame: 'f3', stepDeviation: 0, frameDeviation: 0 },
}
const check: SpotCheckInput = {
  answer: { framesSha256: 'frames', traceRoot: 'root' },
  opening: 'opened',
  facts,
  confirmation: null,
  exact: true,
  tolerance: null,
  final: false,
}

function changed({ claimed, opened, recomputed }: Changes): Facts {
  return {
    claimed: { ...facts.claimed, ...claimed },
    opened: { ...facts.opened, ...opened },
    recomputed: { ...facts.recomputed, ...recomputed },
  }
}

/** The verdict now, and the one at the end of the interval. */
function judged(changes: Partial<SpotCheckInput>): [string, string] {
  const verdict = (final: boolean) => {
    const found = judgeSpotCheck({ ...check, ...changes, final })
    return found === null ? 'waits' : `${found.verdict} ${found.reason} ${found.rewardPpm}`
  }
  return [verdict(false), verdict(true)]
}

/** The verdict once a fresh session has computed the same. */
function confirmed(changes: Changes, more: Partial<SpotCheckInput> = {}): [string, string] {
  const found = changed(changes)
  const confirmation = { recomputed: found.recomputed, knownAnswerOk: true }
  return judged({ facts: found, confirmation, ...more })
}

const at = (verdict: string): [string, string] => [verdict, verdict]

describe('the verdict of a spot check', () => {
  it('passes when the step, the frame, the noise and the trace are as they should be', () => {
    assert.deepEqual(judged({}), at('pass step_equal 1000000'))
    assert.deepEqual(judged({ exact: false }), at('pass step_equal 1000000'))
  })

  it('waits for what may still come, and abstains at the end', () => {
    assert.deepEqual(judged({ opening: null, facts: null }), ['waits', 'abstained own_fault null'])
    assert.deepEqual(judged({ facts: null }), ['waits', 'abstained no_time null'])
    const broken = changed({ claimed: { after: 'other' }, opened: { after: 'other' } })
    assert.deepEqual(judged({ facts: broken }), ['waits', 'abstained not_confirmed null'])
  })

  it('fails who did not open, and accuses nobody of what was not asked', () => {
    assert.deepEqual(judged({ opening: 'refused', facts: null }), at('fail opening_refused -50000'))
    assert.deepEqual(judged({ opening: 'own_fault', facts: null }), at('abstained own_fault null'))
  })

  it('takes what was opened beside the signed digests for a refusal: it proves nothing', () => {
    const malformed = at('fail opening_refused -50000')
    assert.deepEqual(confirmed({ claimed: { traceRoot: 'of another list' } }), malformed)
    for (const state of ['before', 'after', 'final'] as const) {
      assert.deepEqual(confirmed({ opened: { [state]: 'another state' } }), malformed, state)
    }
    assert.deepEqual(confirmed({ opened: { before: 'x', finite: false } }), malformed)
  })

  it('calls what was signed and does not follow a cheat, once computed twice', () => {
    const cheats: [string, Changes][] = [
      ['trace_broken', { claimed: { framesSha256: 'of other frames' } }],
      ['trace_broken', { claimed: { initial: 'of another seed' } }],
      ['state_not_finite', { opened: { finite: false } }],
      ['step_differs', { recomputed: { after: 'what it should be' } }],
      ['frame_differs', { recomputed: { frame: 'what it should be' } }],
    ]
    for (const [reason, changes] of cheats) {
      assert.deepEqual(confirmed(changes), at(`cheat ${reason} -50000`))
      assert.equal(needsSpotConfirmation({ ...check, facts: changed(changes) }), true, reason)
    }
    assert.equal(needsSpotConfirmation(check), false)
    const malformed = changed({ opened: { final: 'another state' } })
    assert.equal(needsSpotConfirmation({ ...check, facts: malformed }), false)
  })

  it('accuses nobody when the verifier’s own results disagree, or a known answer comes out wrong', () => {
    const broken = changed({ recomputed: { after: 'one thing' } })
    const failed = at('abstained control_failed null')
    const recomputed = { ...broken.recomputed, after: 'another thing' }
    const disagrees = { recomputed, knownAnswerOk: true }
    assert.deepEqual(judged({ facts: broken, confirmation: disagrees }), failed)
    const wrong = { recomputed: broken.recomputed, knownAnswerOk: false }
    assert.deepEqual(judged({ facts: broken, confirmation: wrong }), failed)
  })

  it('compares within the tolerance in a class that is not exact', () => {
    const inexact = { exact: false, tolerance: { step: 100, frame: 2 } }
    const off = (after: number | null, frame: number | null) => ({
      recomputed: {
        ...(after === 0 ? {} : { after: 'nearly', stepDeviation: after }),
        ...(frame === 0 ? {} : { frame: 'nearly', frameDeviation: frame }),
      },
    })
    for (const [after, frame, verdict] of [
      [0, 0, 'pass step_equal 1000000'],
      [100, 0, 'pass step_within 1000000'],
      [0, 2, 'pass step_within 1000000'],
      [100, 2, 'pass step_within 1000000'],
      [101, 0, 'cheat step_differs -50000'],
      [101, null, 'cheat step_differs -50000'],
      [100, 3, 'cheat frame_differs -50000'],
      [null, 3, 'cheat frame_differs -50000'],
      [100, null, 'abstained not_compared null'],
      [null, 0, 'abstained not_compared null'],
    ] as const) {
      assert.deepEqual(confirmed(off(after, frame), inexact), at(verdict), `${after} ${frame}`)
    }
    // Whose tolerance nobody measured.
    const unmeasured = { exact: false, tolerance: null }
    const open = at('abstained not_compared null')
    assert.deepEqual(confirmed(off(1_000_000, 0), unmeasured), open)
    assert.deepEqual(confirmed(off(0, 0), unmeasured), at('pass step_equal 1000000'))
    // Bits of an exact class have no tolerance.
    const exact = at('cheat step_differs -50000')
    assert.deepEqual(confirmed(off(1, 0), { tolerance: { step: 100, frame: 2 } }), exact)
  })

  it('in a class that is not exact asks for a second computation only where something is beyond', () => {
    const inexact = { exact: false, tolerance: { step: 100, frame: 2 } }
    const far = changed({ recomputed: { after: 'far', stepDeviation: 101 } })
    const near = changed({ recomputed: { after: 'near', stepDeviation: 100 } })
    assert.equal(needsSpotConfirmation({ ...check, ...inexact, facts: far }), true)
    assert.equal(needsSpotConfirmation({ ...check, ...inexact, facts: near }), false)
    const [waits, over] = judged({ ...inexact, facts: far })
    assert.deepEqual([waits, over], ['waits', 'abstained not_confirmed null'])
    // Its two computations need not be equal: they have to find the same break.
    const twice = (after: string, stepDeviation: number, knownAnswerOk = true) => ({
      recomputed: { ...far.recomputed, after, stepDeviation },
      knownAnswerOk,
    })
    const verdict = (confirmation: ReturnType<typeof twice>) =>
      judged({ ...inexact, facts: far, confirmation })
    assert.deepEqual(verdict(twice('another', 150)), at('cheat step_differs -50000'))
    assert.deepEqual(verdict(twice('another', 99)), at('abstained control_failed null'))
    assert.deepEqual(verdict(twice('far', 101, false)), at('abstained control_failed null'))
  })

  it('in a class that is not exact still needs no bits for a wrong seed', () => {
    for (const tolerance of [null, { step: 100, frame: 2 }]) {
      assert.deepEqual(
        confirmed({ claimed: { initial: 'of another seed' } }, { exact: false, tolerance }),
        at('cheat trace_broken -50000'),
      )
    }
  })
})
