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
  recomputed: { initial: 'd0', after: 'd5', frame: 'f3' },
}
const check: SpotCheckInput = {
  answer: { framesSha256: 'frames', traceRoot: 'root' },
  opening: 'opened',
  facts,
  confirmation: null,
  exact: true,
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
    const malformed = at('fail opening_malformed -50000')
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

  it('proves nothing by bits in a class that is not exact, but still what needs none', () => {
    const bits = { exact: false }
    const open = at('abstained not_compared null')
    assert.deepEqual(confirmed({ recomputed: { after: 'nearly' } }, bits), open)
    assert.deepEqual(confirmed({ recomputed: { frame: 'nearly' } }, bits), open)
    assert.deepEqual(
      confirmed({ claimed: { initial: 'of another seed' } }, bits),
      at('cheat trace_broken -50000'),
    )
  })
})
