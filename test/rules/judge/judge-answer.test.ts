import assert from 'node:assert/strict'
import {
  type GroundTruth,
  type JudgeInput,
  judgeAudit,
  judgeChallenge,
} from '../../../rules/judge/judge-answer.js'
import { TIERS } from '../../../rules/tiers.js'
import { REASONS, type Verdict, worstVerdict } from '../../../rules/verdicts.js'

const truth: GroundTruth = {
  framesSha256: 'aa',
  traceRoot: 'tt',
  confirmSha256: null,
  confirmTraceRoot: null,
  knownAnswerOk: null,
  determinismClass: 'class',
}
const same: JudgeInput = {
  answer: { framesSha256: 'aa', traceRoot: 'tt', determinismClass: 'class', classAtOpen: 'class' },
  truth,
  exact: true,
  cosinePpm: null,
  tier: 'bronze',
}
const other = { ...same, answer: { ...same.answer, framesSha256: 'bb' } }

function judged(input: JudgeInput): string {
  const { verdict, reason, rewardPpm } = judgeAudit(input)
  return `${verdict} ${reason} ${rewardPpm}`
}

function confirmed(input: JudgeInput, confirmSha256 = 'aa', knownAnswerOk = true): JudgeInput {
  return { ...input, truth: { ...truth, confirmSha256, knownAnswerOk } }
}

describe('judging an answer', () => {
  it('equal bytes pass, in an exact class or not, and of another class too', () => {
    assert.equal(judged(same), 'pass hash_equal 1000000')
    assert.equal(judged({ ...same, exact: false }), 'pass hash_equal 1000000')
    const foreign = { ...same, truth: { ...truth, determinismClass: 'theirs' } }
    assert.equal(judged(foreign), 'pass hash_equal 1000000')
  })

  it('other bytes in the same exact class are a cheat, once the verifier has doubted itself', () => {
    assert.equal(judged(other), 'abstained not_confirmed null')
    assert.equal(judged(confirmed(other)), 'cheat hash_differs -50000')
    assert.equal(judgeChallenge(confirmed(other)).rewardPpm, -10_000)
    assert.equal(judged(confirmed(other, 'bb')), 'abstained control_failed null')
    assert.equal(judged(confirmed(other, 'aa', false)), 'abstained control_failed null')
  })

  it('the right frames with another trace are a cheat in an exact class, and nothing in another', () => {
    const invented = { ...same, answer: { ...same.answer, traceRoot: 'invented' } }
    assert.equal(judged(invented), 'abstained not_confirmed null')
    const twice = { ...truth, confirmSha256: 'aa', confirmTraceRoot: 'tt', knownAnswerOk: true }
    assert.equal(judged({ ...invented, truth: twice }), 'cheat trace_differs -50000')
    const doubted = { ...twice, confirmTraceRoot: 'uu' }
    assert.equal(judged({ ...invented, truth: doubted }), 'abstained control_failed null')
    assert.equal(judged({ ...invented, exact: false }), 'pass hash_equal 1000000')
    const foreign = { ...truth, determinismClass: 'theirs' }
    assert.equal(judged({ ...invented, truth: foreign }), 'pass hash_equal 1000000')
  })

  it('another class is unproven, however different the bytes', () => {
    const foreign = {
      ...other,
      truth: { ...truth, determinismClass: 'theirs' },
      cosinePpm: 0,
    }
    assert.equal(judged(foreign), 'unproven other_class -50000')
    assert.equal(judged({ ...foreign, exact: false }), 'unproven other_class -50000')
    assert.equal(judged({ ...other, truth: null }), 'unproven other_class -50000')
  })

  it('a class that changed within the interval fails, even with equal bytes', () => {
    const changed = { ...same, answer: { ...same.answer, classAtOpen: 'before' } }
    assert.equal(judged(changed), 'fail class_changed -50000')
  })

  it('in a class that is not exact the tier’s threshold decides, for a challenge too', () => {
    const thresholds = [980_000, 950_000, 900_000, 850_000, 800_000]
    for (const [i, tier] of TIERS.entries()) {
      const at = (cosinePpm: number): JudgeInput =>
        confirmed({ ...other, exact: false, cosinePpm, tier })
      assert.equal(judged(at(thresholds[i]!)), `pass cosine_met ${thresholds[i]}`)
      assert.equal(judged(at(thresholds[i]! - 1)), 'cheat cosine_low -50000')
      assert.equal(judgeChallenge(at(thresholds[i]!)).verdict, 'pass')
    }
    assert.equal(judged({ ...other, exact: false }), 'abstained not_compared null')
  })
})

describe('verdicts', () => {
  it('an answer is the worst of its checks, abstained only when all are', () => {
    const order: Verdict[] = ['cheat', 'fail', 'unproven', 'pass', 'abstained']
    for (const [i, worse] of order.entries()) {
      for (const better of order.slice(i)) {
        assert.equal(worstVerdict([better, worse]), worse)
        assert.equal(worstVerdict([worse, better]), worse)
      }
    }
    assert.equal(worstVerdict([]), 'abstained')
  })

  it('has a line for people for each reason', () => {
    for (const [code, line] of Object.entries(REASONS)) {
      assert.match(code, /^[a-z_]+$/)
      assert.ok(line.length > 10 && !line.endsWith('.'))
    }
  })
})
